"""The meaning of English words, as mail servers use them.

`WORDS` says so beyond doubt and beats every code: "no such user" is an unknown mailbox whatever number precedes
it. `CIRCUMSTANCES` counts where no code decides, `HINTS` only where the provider does not either. In each the first
rule that matches counts, so what is about the sender comes before what is about the recipient, and what passes before
what stays.
"""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule, Table

#: words for a recipient that can be unknown
_WHO = (
    r"(?:users?|recipients?|recipient addresse?s?|addressee|mailbox(?:es)?|maildrop|inbox"
    r"|address(?:es)?|accounts?|email|email address"
    r"|email account|alias|customer|subscriber|person|local part|localpart|login|userid"
    r"|user id|mail address|member|forwarding address)"
)
#: addresses that are not the recipient's
_NOT_OURS = r"(?<!\bip )(?<!from )(?<!return )(?<!reply )(?<!sender )(?<!source )(?<!sending )"
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
#: whose mail it is
_SENDER = (
    r"(?:senders?|envelope sender|envelope from|from address|mail from|mailfrom"
    r"|return path|reverse path|originator|sending domain"
    r"|from domain|source address|from header|header from|sending server|sending host|sending address|sender id)"
)
_OF_SENDER = (
    r"(?: (?:address|addresses|domain|email|@|#|of|verify|verification|name|host|ip"
    r"|mailbox|account|envelope|is|was|has|been|for|the|be|must|in|s|and|or|from|mail"
    r"|server|user)){0,6}"
)

WORDS: Final = Table(
    (
        # about the sender
        Rule(
            "english.sender.verification",
            Cause.SENDER,
            "verif|callout|call back|identities",
            r"sender (?:address )?(?:verif|could not be verif|cannot be verif|not verif|unverif)"
            r"|verification failed for"
            r"|callout|call back (?:setup|verif)|verify (?:the )?sender|unverified (?:sender"
            r"|address)|sender (?:\w{1,24} )?unverified"
            r"|email address is not verified|identities failed the check",
        ),
        Rule(
            "english.sender.harvest",
            Cause.RATE,
            "too many",
            r"too many (?:invalid|bad|unknown|non ?existent|unverified|wrong|failed"
            r"|rejected) (?:recipient|user|address|rcpt|mailbox)",
        ),
        Rule(
            "english.sender.helo",
            Cause.REVERSE_DNS,
            "helo|ehlo",
            r"\b(?:helo|ehlo)(?: (?:command|name|argument|string|hostname|host|#|@|is|was|greeting|domain)){0,4}"
            r" (?:rejected|invalid|bad|not|does|doesnt|must|mismatch|refused|fake|forged|unacceptable|need)"
            r"|(?:invalid|bad|fake|forged|bogus|illegal|wrong|access denied) (?:helo|ehlo)|(?:helo"
            r"|ehlo) command rejected",
        ),
        Rule(
            "english.sender.reverse_dns",
            Cause.REVERSE_DNS,
            "ptr|rdns|revers|hostname|resol|sending ip|mismatch|forged|your",
            r"\b(?:ptr|rdns|fcrdns)\b|reverse ?(?:dns|lookup|host|mapping|resol|address|record|ip|entry|pointer)"
            r"|(?:cannot|can not|cant|could not|couldnt|unable to) (?:find|resolve|verify|get"
            r"|determine) your (?:reverse )?(?:host|ip|domain|address|name)"
            r"|(?:ip|host|client|server|hostname|ip address)(?: (?:@|#|address|name|your"
            r"|you)){0,3} (?:does not|doesnt|do not|did not|not|cannot be) resol"
            r"|unverif\w{1,24} sending ips?|dns (?:name )?mismatch|hostname mismatch|may be forged",
        ),
        Rule(
            "english.sender.authentication",
            Cause.AUTHENTICATION,
            "spf|dkim|dmarc|login|domainkeys|credentials|password|auth|sender id|senderid",
            r"\bspf\b|\bdkim\b|dmarc|unauthenticated|not authenticated"
            r"|authentication (?:is )?(?:required|needed|fail|check|level|unsuccessful"
            r"|credentials)"
            r"|authentication.{0,20} failed|auth fail|authenticate (?:first|before|yourself)"
            r"|(?:must|need to|please) authenticate|requires? (?:smtp )?authentication"
            r"|without authentication|smtp auth|(?:turn on|enable) (?:smtp )?auth|domainkeys"
            r"|sender ?id fail|invalid (?:login|credentials)|username and password"
            r"|authentication information|authentication mechanism|authentication rejected|authentication disabled",
        ),
        Rule(
            "english.sender.refused",
            Cause.SENDER,
            "send|from|return path|reverse path|originator|source address",
            rf"\b{_SENDER}{_OF_SENDER} (?:rejected|refused|denied|invalid|unknown|undeliverable|bad"
            r"|fake|forged|disabled|suspended|restricted"
            r"|blocked|blacklisted|banned|missing|malformed|not|doesnt|does not|isnt|cannot|cant"
            r"|could not|couldnt|must exist|unresolv\w{0,24}|no dns|no (?:a|mx|aaaa|valid)|exists? not"
            r"|mismatch|failed|fails|unacceptable|nonexistent|non existent|is a spammer|not found)\b",
        ),
        Rule(
            "english.sender.no_such",
            Cause.SENDER,
            "send|from|return path|reverse path|originator|source address",
            r"\b(?:invalid|unknown|bad|fake|forged|illegal|unresolvable|unresolved|unroutable"
            r"|unrouteable|undeliverable|non ?existent|unverified|unauthori[sz]ed|no such|blocked"
            r"|rejected|null|malformed"
            r"|cannot (?:verify|find|resolve|accept)|could not (?:verify|find|resolve)"
            r"|unable to (?:verify|find|resolve)|spoofed|disallowed|blacklisted|denied|rejecting"
            r"|invalid domain (?:for|in|of)) (?:(?:the|your|envelope|mail|email|domain|this|by"
            rf"|address|of|in|for) ){{0,3}}{_SENDER}\b",
        ),
        Rule(
            "english.sender.domain",
            Cause.SENDER,
            "domain|your|mail from|sender",
            r"domains? (?:name )?(?:of|in|for|part of) (?:the |your )?(?:sender|senders|envelope"
            r"|from|mail from|return path)"
            r"|\byour (?:sending |mail |email |envelope )?(?:domain|server|host|hostname"
            r"|ip)(?: (?:name|address|@|#)){0,2}"
            r" (?:is|was|has|does|doesnt|do|could|couldnt|cannot|cant|isnt|must|needs|not|blocked"
            r"|rejected|blacklisted)\b"
            r"|\byour (?:email )?address(?: @)? (?:is not|isnt|was not|does not|doesnt|cannot be"
            r"|could not be|is blocked|is blacklisted|has been)"
            r"|mail from (?:command )?(?:@ )?(?:rejected|refused|denied|is not|not)\b",
        ),
        Rule(
            "english.sender.account",
            Cause.SENDER,
            "sending|not owned|unusual|outbound",
            r"sending (?:for|from) (?:this|your) (?:account|address|domain|server)|(?:disabled"
            r"|blocked|suspended|not allowed|prohibited) from sending|not owned by (?:the )?user"
            r"|unusual sending activity|outbound (?:spam|mail) (?:is )?(?:blocked|disabled"
            r"|suspended)",
        ),
        # full
        Rule(
            "english.rate.quota",
            Cause.RATE,
            "quota|limit",
            r"\b(?:daily|hourly|sending|send|per day|per hour|per minute|minute|rate|maximum send"
            r"|outgoing|outbound|smtp|relay|messages?|hour|day)(?: (?:message|messages|email|mail"
            r"|rate|sending|recipient|user)){0,2} (?:quota|limits?)\b"
            r"|(?:quota|limit) (?:of|for) (?:messages|emails|sending|recipients per)",
        ),
        Rule(
            "english.full.quota",
            Cause.FULL,
            "quota",
            r"\bover ?(?:(?:the|its|their|his|your|allocated|allowed|disk|storage|mailbox|mail"
            r"|users?|his|maximum) ){0,3}quota|overquota"
            r"|\bquota(?: (?:size|is|has|was|been|limit|the|of|for|would|be|this|user|recipient"
            r"|mailbox|storage|already|s|by)){0,4} (?:exce\w{1,24}|violat\w{0,24}|full|reached|exhaust\w{0,24}"
            r"|used|over|hit|surpassed|depleted)"
            r"|(?:exce\w{1,24}|exeed\w{0,24}|violat\w{0,24}|out of|reached|insufficient|no|not enough|beyond"
            r"|above|hit|surpassed|used up)(?: (?:@|the|its|their|his|your|a|allocated|allowed"
            r"|disk|storage|mailbox|mail|users?|recipients?|maximum|of|or|size|has|for|hard|soft"
            r"|block|blocks|file|account)){0,5} quota"
            r"|quota ?exce|quota (?:error|issue|problem)|mailbox quota|overquota|quotaexceeded|shutoffquota",
        ),
        Rule(
            "english.full.mailbox",
            Cause.FULL,
            "full|overflow|exhausted|overdrawn|overloaded",
            r"\b(?:mailbox|mailfolder|inbox|accounts?|users?|recipients?|maildir|maildrop"
            r"|mail folder|folder|storage|disk|mail|spool|mailboxes|postbox|box|address"
            r"|email)(?: (?:@|#|for|user|users|recipient|of|the|is|are|was|has|been|have|currently"
            r"|almost|temporarily|already|too|or|currently|storage|mailbox|space|account|that|you"
            r"|tried|reach|to|appears|be|seems|its|s)){0,7} (?:full|overflow\w{0,24}|exhausted"
            r"|overdrawn)\b"
            r"|\bfull (?:mailbox|inbox|mail folder|disk)|\b(?:is|are) full\b|mailbox ?full"
            r"|disk full|storage full|mailboxfull",
        ),
        Rule(
            "english.full.space",
            Cause.FULL,
            "space|storage|disk|room",
            r"(?:not enough|insufficient|out of|no|no more|lack of|lacks|run out of|ran out of"
            r"|low on|inadequate|exhausted|not sufficient)(?: (?:available|free|disk|system"
            r"|storage|mailbox|mail|allowed|server|left|user|more|the|on|its|of|allocated"
            r"|file)){0,3} (?:storage|space|disk|room)\b"
            r"|(?:storage|space|disk|room)(?: (?:space|limit|is|has|been|quota|allocation|on|the"
            r"|size)){0,3} (?:exceeded|exhausted|full|exceeds|reached|insufficient|low|left"
            r"|used up)"
            r"|exce\w{1,24}(?: (?:@|the|its|their|his|your|a|allocated|allowed|maximum|users?|of"
            r"|recipients?|mailbox|available|server)){0,4} (?:storage|space|disk)\b"
            r"|storage (?:allocation|space) exc",
        ),
        Rule(
            "english.full.limit",
            Cause.FULL,
            "limit|too many|exceed|over|size|reached",
            r"\b(?:mailbox|inbox|mail folder|accounts?|storage|blocks?|inode|disk|user"
            r"|mailbox for user|recipients?)(?: (?:size|storage|space|has|is|maximum|message"
            r"|mails?|s)){0,3} limits?(?: (?:is|has|been|was|of|for|the)){0,3} (?:exc\w{1,24}|reached"
            r"|exeeded|hit|over)"
            r"|too many (?:messages|mails?|emails?)(?: stored)? (?:on|in)|(?:mailbox"
            r"|inbox)(?: (?:@|would|will|has|size|is|to|for|user)){0,3} (?:be )?(?:exceed\w{0,24}"
            r"|over)\b"
            r"|(?:exceeded|exceeds|over|reached)(?: (?:@|the|its|their|his|a|allowed|allocated"
            r"|maximum|size|of)){0,4} (?:mailbox|inbox|storage)(?: (?:size|storage))? ?(?:limit"
            r"|size|capacity)?\b"
            r"|would exceed (?:the |their |its )?(?:mailbox|storage)|user over ?limit"
            r"|mailbox (?:is )?over (?:limit|size)|mailbox has exceeded",
        ),
        # what the sender's own queue says
        Rule(
            "english.expired.queue",
            Cause.EXPIRED,
            "expire|retry time|failing for|in the queue|in queue|within|last|given up|too old"
            "|retries|hours|days|deliver|attempts|retry limit",
            r"(?:message|delivery|envelope|queue|time|mail)(?: (?:has|time|lifetime|was"
            r"|period)){0,2} expired|retry time ?out|retry time not reached"
            r"|failing for a long time"
            r"|(?:been )?in (?:the )?queue (?:for )?too long|not (?:be )?delivered within|(?:not"
            r"|couldnt be|not be) delivered? for (?:the last|more than|over|\w{1,24} (?:days|hours))"
            r"|deliver for the last|undeliverable for|message too old|(?:too many|maximum|max"
            r"|all) retries|maximum (?:number of )?(?:delivery )?attempts|retry limit"
            r"|delivery time ?out",
        ),
        Rule(
            "english.loop.hops",
            Cause.LOOP,
            "loop|hop|received headers|too many received",
            r"\b(?:mail|routing|forwarding|message|possible|detected|email"
            r"|delivery) (?:is )?(?:looping|loops?\b)|loop(?:s|ing)? (?:detected|back|to myself)"
            r"|loop detect|looping|too many hops|hop ?count|maximum hops|hops exceeded|hop limit"
            r"|too many received",
        ),
        Rule("english.busy.try_again", Cause.BUSY, "not found", r"not found (?:\. )?try again\b"),
        # gone for good
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
            rf"{_NOT_OURS}\b{_WHO}(?! (?:header|content"
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
        # about the message, the server, or this sender
        Rule(
            "english.rate.too_much",
            Cause.RATE,
            "over |rate|too many|too much|too fast|too frequen|throttl|frequency|limit|flood|volume"
            "|concurren|hour|quickly|quota|exceed|daily|maximum",
            r"\brate ?limit|\b(?:sending|receiving|message|delivery|unusual) rate\b|at a rate"
            r"|\btoo (?:many|much|fast|quickly|frequent\w{0,24})\b|throttl|frequency (?:is )?(?:limit"
            r"|too|exceed)|frequency limited|limit (?:on|of|for) (?:number|messages|connections"
            r"|recipients)|\bflood|unexpected volume|high volume|volume of|concurren"
            r"|(?:messages?|connections?|emails?|recipients?|mails?|sending|send)(?: (?:per|an|a"
            r"|hour|day|minute|session|connection|sent|from|this)){0,4} (?:limit|exceeded)"
            r"|(?:exceeded|exceeds|over) (?:the |your |its |a )?(?:maximum |max "
            r"|allowed )?(?:number|rate|sending|hourly|daily)|(?:connection|recipient|message"
            r"|session|per hour|hourly|daily|transaction) (?:rate |count )?(?:limit|quota)",
        ),
        Rule(
            "english.too_large.message",
            Cause.TOO_LARGE,
            "large|big|size|length|maximum|too long|too heavy|exceed",
            r"\btoo (?:large|big|long|heavy)\b|(?:message|mail|email|attachment|content"
            r"|data) (?:size|length)|size limit|\bsize(?: \w{1,24}){0,4} (?:exce\w{1,24}|limit|larger"
            r"|maximum|too)|exce\w{1,24}(?: \w{1,24}){0,5} (?:size|length)\b|larger than|(?:max"
            r"|maximum) (?:allowed )?(?:message )?(?:size|length)|exceeds? (?:the )?(?:maximum"
            r"|fixed|local) ?(?:message|mail|size|length)?|oversized",
        ),
        Rule(
            "english.relay.denied",
            Cause.RELAY,
            "relay|not configured to|isnt in my list|not in my list|no mail for|host|allowed|take"
            "|local|handle|accept|gateway",
            r"\brelay|rcpthosts|in my list of allowed|(?:dont|do not|doesnt|does not) (?:handle"
            r"|accept|host|take) (?:any )?(?:mail|email|messages?) for|mail for (?:@"
            r"|#)?(?: is)? ?not accepted|(?:domain|recipient domain)(?: (?:@|#|is|not)){0,3} (?:hosted"
            r"|local) (?:here|domain)|not a local domain|not hosted|not (?:a )?local host"
            r"|not a gateway",
        ),
        Rule(
            "english.listed.blocklist",
            Cause.LISTED,
            "list|rbl|dnsbl|block|banned|reputation|spammer|open proxy|dynamic|dialup|residential"
            "|dnswl|poor|abuse|ivmsip|complain|bl|unwelcome|network not allowed|dial up|score",
            r"\b(?:black|block|deny|ban|reject)(?: )?list|\b(?:dns|uri|sur)?(?:rbl|bl)s?\b|dnsbls?"
            r"|dnsrbl|grey ?listed by rbl|listed (?:on|in|at|by|as)|\bis listed\b|is blocked\b"
            r"|blocked (?:using|by|for|due|because|from|on|at|see|ip|as|in|with|address)|(?:ip"
            r"|host|address|server|network|client|domain|message|mail|email|messages|you"
            r"|sender)(?: (?:@|#|address|is|are|was|has|have|been|from|your|source|name|range"
            r"|temporarily|currently|service|connection)){0,6} (?:blocked|banned|blacklisted"
            r"|blocklisted|blacklist|unwelcome|rejected due to reputation)\b"
            r"|\bblocked\b|banned|reputation|spammer|open proxy"
            r"|dynamic (?:ip|address|host|range)|dial ?up|residential|poor (?:reputation|score)"
            r"|user complaints|complaint|for abuse|network not allowed|ivmsip|on our block",
        ),
        Rule(
            "english.content.spam",
            Cause.CONTENT,
            "spam|virus|malware|phish|junk|ube|uce|unsolicited|bulk|infected|trojan|worm"
            "|suspicious|attachment|content|scored as|looks like|classif|suspected|forbidden"
            "|executable|harmful|undesirable|advert|ue",
            r"spam|virus|malware|phish|\bjunk|\bub?e\b|\buce\b|unsolicited|\bbulk (?:mail|email"
            r"|message|sender)|infected|trojan|suspicious|attachment|(?:message|mail|email|body"
            r"|bad|prohibited|illegal|forbidden|objectionable|undesirable) contents?"
            r"|content (?:was |is |has been )?(?:rejected|denied|refused|filter|block|policy|not"
            r"|violat|restrict|unaccept)|contents? (?:filter|scan)|scored as|classified as"
            r"|suspected|executable|harmful|undesirable|advertis|forbidden (?:file|extension"
            r"|content)",
        ),
        Rule(
            "english.policy.refused",
            Cause.POLICY,
            "polic|whitelist|allow list|allowlist|administrat|moderat|challenge|not accepting"
            "|permission|security|aup|restrict|privilege|filter|safe sender|authori|bypass list"
            "|prohibit|white list|delivery not|accepts|not allowed|disabled by|blocked by"
            "|denied by|accept m|accept e|accept any|not permitted|reject|refuse|from this host"
            "|member|posting",
            r"\bpolic(?:y|ies)\b|white ?list|allow ?list|bypass list|administratively|(?:rejected"
            r"|refused|blocked|denied|prohibited|disabled) by (?:the |your |our "
            r"|an? )?(?:administrat\w{1,24}|recipient|recipients|user|customer|rule|filter|owner"
            r"|security|domain|mailbox|organi[sz]ation|remote|system|content|transport)"
            r"|moderat|challenge|not accepting (?:mail|messages|email) from|(?:does not|doesnt"
            r"|do not|dont) accept (?:mail|messages|email|any mail) from|accepts (?:mail"
            r"|messages) only|from this host not accepted|not a member|only members|members only"
            r"|posting|permission|security (?:reason|violation|polic|system)|\baup\b|restricted"
            r"|restriction|privilege|(?:message|mail|email|recipient|user) filter"
            r"|not (?:authori[sz]ed|permitted|allowed) to (?:send|deliver|email|mail|post|submit"
            r"|contact|access)|unauthori[sz]ed|not authori[sz]ed|delivery not|prohibit|(?:reject"
            r"|refuse)s? (?:all |any )?(?:mail|messages|email) from",
        ),
        Rule(
            "english.busy.later",
            Cause.BUSY,
            "temporar|later|gr|deferred|busy|service|system|queue|memory|load|database|transient"
            "|unexpected|maintenance|resource|process|retr|delay|unable|problem|failure|error"
            "|back|try|not available",
            r"temporar|\b(?:try|retry|again|resend|come back)(?: \w{1,24}){0,4} later|(?:try|retry"
            r"|back) (?:again )?in (?:a |\w{1,24} )?(?:few|\w{1,24}|minutes?|seconds?|hours?)|gr[ea]y ?list"
            r"|\bdeferred|\bbusy\b|overload|service (?:is )?(?:currently "
            r"|temporarily )?(?:unavailable|not available|refused|denied)"
            r"|not available at this time|(?:system|server|internal|local|configuration|software"
            r"|processing|database|lookup|unexpected) (?:error|problem|failure)"
            r"|insufficient (?:system )?resources|(?:queue|file|disk) (?:file )?(?:write"
            r"|read) error|out of memory|load too high|high load|transient|maintenance|local error"
            r"|will (?:be )?retr\w{1,24}|(?:has been|been|message) delayed|delay in the delivery"
            r"|unable to (?:process|accept|complete)",
        ),
    )
)

CIRCUMSTANCES: Final = Table(
    (
        Rule(
            "english.network.connection",
            Cause.NETWORK,
            "connect|network|lowest numbered|transport unavailable|socket|tls|ssl|certificate"
            "|name server|lookup|dns|servfail|respond|no answer|timed out|timeout|time out|route"
            "|encrypt|smtp session|mxs|contact|response|talk|reach|establish|unresolvable"
            "|timedout|nameserver|name server",
            r"connection (?:was |has been |is )?(?:refused|reset|lost|closed|dropped|timed|timeout"
            r"|time out|failed|terminated|died|aborted|interrupted)|(?:lost|broken|no|failed"
            r"|cannot establish|unable to establish|establish an smtp) connection|(?:could not"
            r"|couldnt|cannot|cant|unable to|failed to|wasnt able to|not able to"
            r"|did not accept our requests to|being unable to) (?:re)?(?:connect|contact|reach"
            r"|establish|talk)"
            r"|unable to connect|lowest numbered|unreachable|not reachable|network (?:error"
            r"|related|problem|failure|is)|socket error|\b(?:start)?tls\b|\bssl\b|certificate"
            r"|encryption|(?:name ?server|dns|lookup|mx lookup|domain lookup"
            r"|host lookup)(?: \w{1,24}){0,3} (?:fail\w{0,24}|error|time ?out|timed out|problem|unavailable)"
            r"|lookup fail|lookup did not complete|lowest numbered mx|transport unavailable"
            r"|servfail|dns (?:error|failure|problem|server|fail)|not respond|no response"
            r"|no answer|timed? ?out|no route|refused to talk|smtp session"
            r"|temporarily unresolvable",
        ),
        Rule(
            "english.content.header",
            Cause.CONTENT,
            "header|rfc|mime|bit|charset|url|link|subject|message id|bare lf|format|compl|conform"
            "|multiple addresses|malformed",
            r"\bheaders?\b|rfc ?(?:compliant|compliance|822|2822|5322|violat)"
            r"|not (?:rfc )?complian|non ?complian|does not (?:comply|conform)|(?:invalid|bad"
            r"|malformed|missing|illegal) mime|mime (?:error|violation|structure|header|type"
            r"|format)|charset|\burls?\b(?! for)|(?:malicious|blocked|bad|blacklisted) links?"
            r"|(?:blank|missing|empty|no|bad|invalid|forbidden|multiple|duplicate) subject"
            r"|subject (?:line|contains|header|is)|(?:missing|invalid|bad|duplicate|no) message id"
            r"|bare lf|(?:message|mail|email) format|malformed (?:message|mail|mime)"
            r"|multiple addresses in from|badly formatted",
        ),
        Rule(
            "english.protocol.command",
            Cause.PROTOCOL,
            "command|syntax|sequence|protocol|international|implemented|parameter|not supported|unsupported|ascii|utf",
            r"(?:command|parameter)s? (?:\w{1,24} ){0,2}(?:not|unrecogni|reject|unknown|is)"
            r"|not implemented|unrecogni[sz]ed command|unknown command|syntax error|bad sequence"
            r"|sequence of commands|protocol (?:error|violation)|smtputf8|utf ?8"
            r"|internationali[sz]ed|not supported|unsupported|non ascii",
        ),
        Rule(
            "english.busy.delivery",
            Cause.BUSY,
            "configuration|open|create|append|command|exit status|unknown error|exception|mailer|i o |input output",
            r"configuration (?:error|problem)|(?:cannot|cant|could not|couldnt|unable to"
            r"|failed to) (?:open|create|append)|command (?:died|failed|output)|exit status"
            r"|unknown error|exception|mailer (?:error|failed)|\b(?:i o|input output) error",
        ),
    )
)

HINTS: Final = Table(
    (
        Rule(
            "english.unknown_mailbox.unavailable",
            Cause.UNKNOWN_MAILBOX,
            "unavailable|not available",
            r"\b(?:mailbox|recipient|user|account|address|recipient mailbox|email account"
            r"|users mailbox)(?: (?:@|is|was|address|name|currently|currently|that"
            r"|you)){0,3} (?:unavailable|not available)\b",
        ),
        Rule(
            "english.policy.access",
            Cause.POLICY,
            "access|denied",
            r"\b(?:access|connection|service|session|client|host|message|sender|mail"
            r"|email)(?: (?:@|#|is|was|has|been|to|this|from"
            r"|delivery)){0,4} denied(?! by recipient)(?! recipient)"
            r"|access (?:to \w{1,24} )?(?:restricted|forbidden|not)",
        ),
        Rule(
            "english.unknown_mailbox.rejected",
            Cause.UNKNOWN_MAILBOX,
            "reject|denied|refused|not allowed|deliver|not permitted|permanent failure"
            "|may not exist|bad recipient|not accept|failed|verified|validate|verify|mail",
            rf"{_NOT_OURS}\b(?:recipients?|recipient addresse?s?|rcpt|rcpt to|address(?:es)?"
            r"|mailbox|users?)(?: (?:@|address|is|was|has|been|are|all|were"
            rf"|that)){{0,4}} (?:rejected|denied|refused|not accepted|not allowed|not permitted"
            r"|undeliverable|not deliverable|rejects?|verification failed|validation failed)\b"
            r"|(?:recipient|user) (?:cannot|could not|couldnt|cant) be verified"
            r"|(?<!from )(?<!sender )@ (?:is |was )?rejected\b|unable to (?:validate"
            r"|verify) (?:the )?(?:recipient|user|address)|(?<!ip )(?:address|mailbox"
            r"|account) (?:does not|doesnt|cannot) (?:receive|accept) (?:any )?(?:mail"
            r"|email)\b(?! from)|undeliverable (?:address|recipient|to)|bad recipient"
            r"|rejected (?:recipient|address|rcpt)|rejecting (?:recipient|rcpt)"
            r"|cannot deliver mail for|permanent failure for one or more recipients|(?:does not"
            r"|doesnt|not) accept mail for (?:this|that) (?:address|user|recipient)",
        ),
        Rule(
            "english.unknown_mailbox.not_exist",
            Cause.UNKNOWN_MAILBOX,
            "exist|unknown|not found",
            r"(?<!may )(?<!might )(?:\b(?:does not|doesnt|do not|dont|not) exists?\b)|^(?:unknown|not found)$",
        ),
        Rule(
            "english.policy.message_refused",
            Cause.POLICY,
            "reject|refused|denied|not allowed|declined|bounced|unacceptable|forbidden|refusing"
            "|transaction failed|accepted",
            r"\b(?:message|mail|email|transaction|delivery|messages|connection|data|body"
            r"|it)(?: (?:@|#|from|was|is|has|been|not|your|to|this|by|the|have)){0,5} (?:rejected"
            r"|refused|denied|not accepted|not allowed|accepted|declined|unacceptable|forbidden)\b"
            r"|\b(?:rejecting|refusing|rejected|refused) (?:this |your |the )?(?:message|mail"
            r"|email|connection)|transaction failed",
        ),
    )
)
