"""English words about the recipient."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

#: words for a recipient that can be unknown
_WHO = (
    r"(?:users?|recipients?|recipient addresse?s?|addressee|mailbox(?:es)?|maildrop|inbox"
    r"|address(?:es)?|accounts?|email|email address"
    r"|email account|alias|customer|subscriber|person|local part|localpart|login|userid"
    r"|user id|mail address|member|forwarding address)"
)
#: addresses that are not the recipient's
NOT_OURS = r"(?<!\bip )(?<!from )(?<!return )(?<!reply )(?<!sender )(?<!source )(?<!sending )"
#: words for a recipient that does not exist
_GONE = (
    r"(?:unknown|not found|not known|not recogni[sz]ed|unrecogni[sz]ed|invalid"
    r"|non ?existent|nonexistent|non ?existing|not valid|unroutable"
    r"|unrouteable|not exists?|doesnt exists?|does not exists?|dont exists?|do not exists?"
    r"|did not exist|couldnt be found"
    r"|could not be found|cannot be found|cant be found|was not found|wasnt found"
    r"|not present|not registered|not listed"
    r"|not available here|unavailable or unknown|not defined|undefined|not a valid"
    r"|incorrect|misspelled|not local|not in use|not known here|not (?:at|on) this (?:host"
    r"|site|server|system|domain))"
)
_LINK = (
    r"(?: (?:@|#|is|are|was|were|has|have|been|be|name|address|addresses|id|an|a|the|does"
    r"|in|here|given|specified|you|entered|for|of|to|rejected|reject|error|status"
    r"|currently|seems|appears|tried|reach|that|or|mailbox|email|account|s)){0,7}"
)

RULES: Final = (
    Rule(
        "english.unknown_domain.host",
        Cause.UNKNOWN_DOMAIN,
        "host|domain|dns|mail server|nameserver|smtp server|name or service"
        "|destination system|mx|relevant answers|mailserver|mail exchanger",
        r"(?<!client )(?<!your )(?<!sending )(?<!sender )\b(?:hosts?|domains?|host or domain"
        r"|domain name|hostname|recipient domain|destination domain"
        r"|tenant or domain)(?: (?:name|@|#|is|was|has|for|the|of|type|in|which|address|part"
        r"|you|s)){0,4} (?:unknown|not found|not known|couldnt be found|could not be found"
        r"|cannot be found|cant be found|was not found|wasnt found"
        r"|does not exist|doesnt exist|do not exist|dont exist|not exist|non ?existent"
        r"|nonexistent|invalid|not valid|is not valid|unresolvable|not registered|unrouteable"
        r"|unroutable|not resolvable|could not be resolved|cannot be resolved|does not resolve"
        r"|doesnt resolve)\b"
        r"|\b(?:unknown|no such|invalid|non ?existent|nonexistent|non ?existing|unrouteable"
        r"|unroutable|unresolvable|illegal|bad) (?:(?:recipient|mail|email|destination|target"
        r"|address) )?(?:host|domain)\b"
        r"|nxdomain|couldnt find (?:any |a )?(?:host|mail ?server|mail exchanger)"
        r"|could not find (?:any |a )?(?:host named|mail ?server|mail exchanger)"
        r"|no matches to nameserver query"
        r"|\bno (?:valid )?(?:mx|mail exchanger|mail server|mail servers|a or mx|mx or a"
        r"|dns)(?: (?:or|a|aaaa|and|hosts?|dns|mx|record|records|address|entry|server"
        r"|servers)){0,6} ?(?:records?|hosts?|found|for|exists?|defined|entry|could)"
        r"|point to non ?existent hosts|name or service not known|bad destination system"
        r"|has no (?:mx|mail exchanger|mail server)|had no relevant answers"
        r"|no route to (?:domain|recipient domain)",
    ),
    Rule(
        "english.no_mail.null_mx",
        Cause.NO_MAIL,
        "null mx|nullmx|no smtp|accept|receive|mail",
        r"null ?mx|(?:mx|srv) records? indicat\w{1,24} no smtp|\b(?:domain|host|server|machine"
        r"|system)(?: (?:@|#|name|at)){0,2} (?:does not|doesnt|do not|never|will not"
        r"|no longer) (?:accepts?|receives?) (?:any )?(?:email|mail)\b(?! from)",
    ),
    Rule(
        "english.moved.away",
        Cause.MOVED,
        "moved|replaced|new address|has changed|not local|has left|left the|have left|email address is",
        r"\b(?:user|recipient|mailbox|account|person|employee|address|@)(?: (?:@|has|is|have"
        r"|was)){0,3} (?:permanently )?moved\b(?! to (?:the )?(?:trash|spam|junk))"
        r"|new (?:email )?address is|has been replaced by|(?:mailbox|domain) owner has changed"
        r"|(?:email )?address has changed|has changed (?:his|her|their|its) (?:email )?address"
        r"|user not local|(?:has|have) left (?:the |our )?(?:company|organi[sz]ation|firm"
        r"|university|employment|school)",
    ),
    Rule(
        "english.bad_syntax.recipient",
        Cause.BAD_SYNTAX,
        "syntax|malformed|illegal|invalid char|incorrectly|bad character|syntactic|contain|improper",
        r"(?:recipient|mailbox|rcpt to|destination|address)(?: (?:address|addresses|name|@|is"
        r"|has|mailbox|in|the|to)){0,3} (?:syntax (?:error|is)|malformed|syntactically"
        r"|contains? (?:illegal|invalid))"
        r"|(?:bad|invalid|illegal|incorrect|improper) (?:recipient |mailbox |destination "
        r"|email )?address syntax|invalid recipient syntax"
        r"|bad destination mailbox address syntax|syntax error in (?:the )?(?:recipient"
        r"|mailbox|destination|rcpt)|malformed (?:recipient|mailbox|rcpt)",
    ),
    Rule(
        "english.unknown_mailbox.no_such",
        Cause.UNKNOWN_MAILBOX,
        "no such|unknown|invalid|existent|existing|unrecogni|unroutable|unrouteable|undefined"
        "|illegal|wrong|bad|incorrect|undeliverable|nosuch|notfound",
        r"\b(?:no such|unknown|invalid|non ?existent|nonexistent|non ?existing|unrecogni[sz]ed"
        r"|unroutable|unrouteable|undefined|illegal|bad|wrong|incorrect)"
        r"(?: (?:or|unknown|illegal|invalid|local|smtp|destination|virtual|recipient|user"
        r"|internal|mail|email|final|delivery|forward|target|domino|mailbox|remote|exchange"
        rf"|rcpt|to)){{0,3}} {_WHO}\b(?! (?:name or password|or password|credentials|agent"
        r"|header|in (?:from|header)))"
        r"|\bno such (?:id|username|name|object|person|one|entry|contact|list|alias"
        r"|destination|mailing list|email box)\b|unknown (?:username|id|name|person"
        r"|destination|local|or unavailable)|unknown_user|invalid username(?! or)"
        r"|unknownrecipient|user ?unknown|unknown ?user|recipientnotfound|nosuchuser"
        r"|recipient ?unknown|bad destination mailbox",
    ),
    Rule(
        "english.unknown_mailbox.not_found",
        Cause.UNKNOWN_MAILBOX,
        "unknown|not known|recogni|exist|valid|unrout|found|present|registered|listed|defined"
        "|incorrect|not local|misspelled|not available|not in use|not at|not on",
        rf"{NOT_OURS}\b{_WHO}(?! (?:header|content"
        rf"|name or))(?: [^ .]{{1,64}})?{_LINK} {_GONE}\b(?! (?:header|content|sender|from"
        rf"|helo))|(?:@|#) (?:{_GONE})\b(?! (?:sender|from|helo))",
    ),
    Rule(
        "english.unknown_mailbox.no_account",
        Cause.UNKNOWN_MAILBOX,
        "ldap|database|not found in|account|mailbox|customer|valid|known|user|recipient|that name|directory|domain"
        "|address|no one|nobody|domino|public|not in|person|table|not listed|such|@"
        "|not recogni|name not|name is|subscriber",
        r"(?:does not|doesnt|do not|dont|did not) have (?:an? |any )?(?:valid )?(?:(?:@|#"
        r"|yahoo|email|mail|active|such|\w{1,24}) ){0,2}(?:account|mailbox|email address)\b"
        r"|\bno (?:such )?(?:mailbox|account|user|recipient|person)s?(?: (?:here|exists?|by"
        r"|with|for|at|under|found|currently|available|on|matching|of)){1,3}(?: (?:that|this"
        r"|the|your) (?:name|address|user|id|server|domain))?\b"
        r"|\bno (?:mailbox|account)\b|\bnot (?:(?:our|a|an|the|one of our|is|in"
        r"|any)) (?:(?:known|valid|local|active|existing|current|registered|of our|listed"
        r"|legal|recogni[sz]ed|email|registered gateway) )?(?:users?|recipients?"
        r"|mailbox(?:es)?|address(?:es)?|customers?|subscribers?|accounts?|email address"
        r"|person)\b(?! (?:list|header))"
        r"|not listed in (?:the )?(?:domino|public|our|directory|address)"
        r"|not (?:recogni[sz]ed by|known at) this|not known here|\bname (?:is )?not recogni"
        r"|not (?:found )?in (?:the |our |gateway )?(?:directory|address ?book|user (?:table"
        r"|database|list)|recipient (?:table|list|map)|ldap|database|domain)"
        r"|unknown in (?:virtual|local|relay|the)|(?:virtual|local|relay) (?:mailbox|alias"
        r"|recipient|user) table|(?:unable|not able|failed) to (?:find|locate|look ?up"
        r"|resolve) (?:@|(?:the |this )?(?:recipient|user|mailbox|account|address)\b)"
        r"|(?:couldnt|could not|cannot|cant|can not|didnt|did not) (?:find|locate|identify"
        r"|resolve|recogni[sz]e) (?:the |this |any |a |your |that )?(?:recipient|user|mailbox"
        r"|account|email address|address|such)|isnt a (?:valid |known )?(?:user|recipient"
        r"|mailbox)|nobody (?:here )?(?:by|with) (?:that|this) name"
        r"|no one (?:here )?(?:by|with) (?:that|this) name|unable to deliver to (?:that"
        r"|this) (?:user|recipient)|account or domain may not exist"
        r"|mailbox name (?:is )?(?:not allowed|invalid|incorrect|unknown)"
        r"|not have (?:such )?(?:a )?(?:user|mailbox)|dont handle mail for (?:that"
        r"|this) (?:user|address)",
    ),
    Rule(
        "english.disabled.mailbox",
        Cause.DISABLED,
        "disabled|suspend|not currently|deactivat|inactiv|not active|frozen|locked|dormant"
        "|not enabled|on hold|expired|over limit|not accepting|not allowed to",
        r"\b(?:mailbox|accounts?|users?|recipients?|inbox|address|customer|subscriber|login"
        r"|email|domain)(?: (?:@|#|address|account|mailbox|email|name|you|that|tried|to|reach"
        r"|is|are|was|were|has|have|been|be|temporarily|temporary|currently|status|or|for|now"
        r"|the|owner|s|permanently|administratively|over|quota|full|and|of|user|rejected"
        r"|delivery)){0,10}"
        r" (?:disabled|suspended|deactivated|inactive|not active|frozen|locked|dormant"
        r"|not enabled|on hold|expired)\b"
        r"|\b(?:disabled|suspended|deactivated|inactive|frozen|locked|dormant|expired"
        r"|temporarily disabled) (?:recipient|mailbox|user|account|email|address|customer)"
        r"|\b(?:mailbox|account|user|recipient account)(?: (?:@|is|was|has|been|currently"
        r"|temporarily)){0,4} blocked\b(?! (?:using|by|list|for spam))|inactivity"
        r"|not currently being accepted|not allowed to receive|user suspended"
        r"|not accepting (?:messages|mail|email) at this time",
    ),
    Rule(
        "english.unknown_mailbox.gone",
        Cause.UNKNOWN_MAILBOX,
        "no longer|deleted|removed|closed|terminat|cancel|purged|obsolete|discontinued"
        "|abandoned|does not work|not work|retired",
        r"\bno longer (?:a )?(?:valid|in use|used|available|works?|working|employed|with"
        r"|exists?|active|here|at|on this|receiv\w{1,24}|accept\w{0,24}|an? (?:employee|user|customer"
        r"|member|valid)|associated|maintained|supported|use|uses|using|reachable|in service"
        r"|deliverable|part)\b(?! from)"
        rf"|\b(?:{_WHO}|this address|mail)(?: (?:@|#|has|have|is|was|were|been|permanently"
        rf"|already|user|name|account|address|the|s|for|or)){{0,5}} (?:deleted|removed|closed"
        r"|terminated|cancell?ed|purged|obsolete|discontinued|abandoned|retired)\b"
        r"|\b(?:deleted|closed|terminated|cancell?ed|obsolete|abandoned|removed) (?:account"
        r"|user|mailbox|address|recipient)\b",
    ),
)
