"""What English words mean, as mail servers use them.

`WORDS` says so beyond doubt and beats every code: "no such user" is an unknown mailbox whatever number stands before it.
`CIRCUMSTANCES` counts where no code
decides, `HINTS` only where the provider does not either. In each the first rule that matches counts, so
what is about the sender comes before what is about the recipient, and what passes before what stays.
"""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule, Table

#: who can be unknown
_WHO = (
    r"(?:users?|recipients?|recipient addresse?s?|addressee|mailbox(?:es)?|maildrop|inbox|address(?:es)?|accounts?|email|email address"
    r"|email account|alias|customer|subscriber|person|local part|localpart|login|userid|user id|mail address|member|forwarding address)"
)
#: addresses that are not the recipient's
_NOT_OURS = r"(?<!\bip )(?<!from )(?<!return )(?<!reply )(?<!sender )(?<!source )(?<!sending )"
#: what is said of those that are not there
_GONE = (
    r"(?:unknown|not found|not known|not recogni[sz]ed|unrecogni[sz]ed|invalid|non ?existent|nonexistent|non ?existing|not valid|unroutable"
    r"|unrouteable|not exists?|doesnt exists?|does not exists?|dont exists?|do not exists?|did not exist|couldnt be found"
    r"|could not be found|cannot be found|cant be found|was not found|wasnt found|not present|not registered|not listed"
    r"|not available here|unavailable or unknown|not defined|undefined|not a valid|incorrect|misspelled|not local|not in use|not known here|not (?:at|on) this (?:host|site|server|system|domain))"
)
_LINK = r"(?: (?:@|#|is|are|was|were|has|have|been|be|name|address|addresses|id|an|a|the|does|in|here|given|specified|you|entered|for|of|to|rejected|reject|error|status|currently|seems|appears|tried|reach|that|or|mailbox|email|account|s)){0,7}"
#: whose mail it is
_SENDER = (
    r"(?:senders?|envelope sender|envelope from|from address|mail from|mailfrom|return path|reverse path|originator|sending domain"
    r"|from domain|source address|from header|header from|sending server|sending host|sending address|sender id)"
)
_OF_SENDER = r"(?: (?:address|addresses|domain|email|@|#|of|verify|verification|name|host|ip|mailbox|account|envelope|is|was|has|been|for|the|be|must|in|s|and|or|from|mail|server|user)){0,6}"

WORDS: Final = Table(
    (
        # about the sender
        Rule(
            "english.sender.verification",
            Cause.SENDER,
            "verif|callout|call back|identities",
            r"sender (?:address )?(?:verif|could not be verif|cannot be verif|not verif|unverif)|verification failed for"
            r"|callout|call back (?:setup|verif)|verify (?:the )?sender|unverified (?:sender|address)|sender (?:\w+ )?unverified"
            r"|email address is not verified|identities failed the check",
        ),
        Rule(
            "english.sender.harvest",
            Cause.RATE,
            "too many",
            r"too many (?:invalid|bad|unknown|non ?existent|unverified|wrong|failed|rejected) (?:recipient|user|address|rcpt|mailbox)",
        ),
        Rule(
            "english.sender.helo",
            Cause.REVERSE_DNS,
            "helo|ehlo",
            r"\b(?:helo|ehlo)(?: (?:command|name|argument|string|hostname|host|#|@|is|was|greeting|domain)){0,4}"
            r" (?:rejected|invalid|bad|not|does|doesnt|must|mismatch|refused|fake|forged|unacceptable|need)"
            r"|(?:invalid|bad|fake|forged|bogus|illegal|wrong|access denied) (?:helo|ehlo)|(?:helo|ehlo) command rejected",
        ),
        Rule(
            "english.sender.reverse_dns",
            Cause.REVERSE_DNS,
            "ptr|rdns|revers|hostname|resol|sending ip|mismatch|forged|your",
            r"\b(?:ptr|rdns|fcrdns)\b|reverse ?(?:dns|lookup|host|mapping|resol|address|record|ip|entry|pointer)"
            r"|(?:cannot|can not|cant|could not|couldnt|unable to) (?:find|resolve|verify|get|determine) your (?:reverse )?(?:host|ip|domain|address|name)"
            r"|(?:ip|host|client|server|hostname|ip address)(?: (?:@|#|address|name|your|you)){0,3} (?:does not|doesnt|do not|did not|not|cannot be) resol"
            r"|unverif\w+ sending ips?|dns (?:name )?mismatch|hostname mismatch|may be forged",
        ),
        Rule(
            "english.sender.authentication",
            Cause.AUTHENTICATION,
            "spf|dkim|dmarc|login|domainkeys|credentials|password|auth|sender id|senderid",
            r"\bspf\b|\bdkim\b|dmarc|unauthenticated|not authenticated|authentication (?:is )?(?:required|needed|fail|check|level|unsuccessful|credentials)"
            r"|authentication.{0,20} failed|auth fail|authenticate (?:first|before|yourself)|(?:must|need to|please) authenticate|requires? (?:smtp )?authentication"
            r"|without authentication|smtp auth|(?:turn on|enable) (?:smtp )?auth|domainkeys|sender ?id fail|invalid (?:login|credentials)|username and password"
            r"|authentication information|authentication mechanism|authentication rejected|authentication disabled",
        ),
        Rule(
            "english.sender.refused",
            Cause.SENDER,
            "send|from|return path|reverse path|originator|source address",
            rf"\b{_SENDER}{_OF_SENDER} (?:rejected|refused|denied|invalid|unknown|undeliverable|bad|fake|forged|disabled|suspended|restricted"
            r"|blocked|blacklisted|banned|missing|malformed|not|doesnt|does not|isnt|cannot|cant|could not|couldnt|must exist|unresolv\w*|no dns|no (?:a|mx|aaaa|valid)|exists? not"
            r"|mismatch|failed|fails|unacceptable|nonexistent|non existent|is a spammer|not found)\b",
        ),
        Rule(
            "english.sender.no_such",
            Cause.SENDER,
            "send|from|return path|reverse path|originator|source address",
            rf"\b(?:invalid|unknown|bad|fake|forged|illegal|unresolvable|unresolved|unroutable|unrouteable|undeliverable|non ?existent|unverified|unauthori[sz]ed|no such|blocked|rejected|null|malformed"
            rf"|cannot (?:verify|find|resolve|accept)|could not (?:verify|find|resolve)|unable to (?:verify|find|resolve)|spoofed|disallowed|blacklisted|denied|rejecting|invalid domain (?:for|in|of)) (?:(?:the|your|envelope|mail|email|domain|this|by|address|of|in|for) ){{0,3}}{_SENDER}\b",
        ),
        Rule(
            "english.sender.domain",
            Cause.SENDER,
            "domain|your|mail from|sender",
            r"domains? (?:name )?(?:of|in|for|part of) (?:the |your )?(?:sender|senders|envelope|from|mail from|return path)"
            r"|\byour (?:sending |mail |email |envelope )?(?:domain|server|host|hostname|ip)(?: (?:name|address|@|#)){0,2}"
            r" (?:is|was|has|does|doesnt|do|could|couldnt|cannot|cant|isnt|must|needs|not|blocked|rejected|blacklisted)\b"
            r"|\byour (?:email )?address(?: @)? (?:is not|isnt|was not|does not|doesnt|cannot be|could not be|is blocked|is blacklisted|has been)"
            r"|mail from (?:command )?(?:@ )?(?:rejected|refused|denied|is not|not)\b",
        ),
        Rule(
            "english.sender.account",
            Cause.SENDER,
            "sending|not owned|unusual|outbound",
            r"sending (?:for|from) (?:this|your) (?:account|address|domain|server)|(?:disabled|blocked|suspended|not allowed|prohibited) from sending|not owned by (?:the )?user|unusual sending activity|outbound (?:spam|mail) (?:is )?(?:blocked|disabled|suspended)",
        ),
        # full
        Rule(
            "english.rate.quota",
            Cause.RATE,
            "quota|limit",
            r"\b(?:daily|hourly|sending|send|per day|per hour|per minute|minute|rate|maximum send|outgoing|outbound|smtp|relay|messages?|hour|day)(?: (?:message|messages|email|mail|rate|sending|recipient|user)){0,2} (?:quota|limits?)\b"
            r"|(?:quota|limit) (?:of|for) (?:messages|emails|sending|recipients per)",
        ),
        Rule(
            "english.full.quota",
            Cause.FULL,
            "quota",
            r"\bover ?(?:(?:the|its|their|his|your|allocated|allowed|disk|storage|mailbox|mail|users?|his|maximum) ){0,3}quota|overquota"
            r"|\bquota(?: (?:size|is|has|was|been|limit|the|of|for|would|be|this|user|recipient|mailbox|storage|already|s|by)){0,4} (?:exce\w+|violat\w*|full|reached|exhaust\w*|used|over|hit|surpassed|depleted)"
            r"|(?:exce\w+|exeed\w*|violat\w*|out of|reached|insufficient|no|not enough|beyond|above|hit|surpassed|used up)(?: (?:@|the|its|their|his|your|a|allocated|allowed|disk|storage|mailbox|mail|users?|recipients?|maximum|of|or|size|has|for|hard|soft|block|blocks|file|account)){0,5} quota"
            r"|quota ?exce|quota (?:error|issue|problem)|mailbox quota|overquota|quotaexceeded|shutoffquota",
        ),
        Rule(
            "english.full.mailbox",
            Cause.FULL,
            "full|overflow|exhausted|overdrawn|overloaded",
            r"\b(?:mailbox|mailfolder|inbox|accounts?|users?|recipients?|maildir|maildrop|mail folder|folder|storage|disk|mail|spool|mailboxes|postbox|box|address|email)(?: (?:@|#|for|user|users|recipient|of|the|is|are|was|has|been|have|currently|almost|temporarily|already|too|or|currently|storage|mailbox|space|account|that|you|tried|reach|to|appears|be|seems|its|s)){0,7} (?:full|overflow\w*|exhausted|overdrawn)\b"
            r"|\bfull (?:mailbox|inbox|mail folder|disk)|\b(?:is|are) full\b|mailbox ?full|disk full|storage full|mailboxfull",
        ),
        Rule(
            "english.full.space",
            Cause.FULL,
            "space|storage|disk|room",
            r"(?:not enough|insufficient|out of|no|no more|lack of|lacks|run out of|ran out of|low on|inadequate|exhausted|not sufficient)(?: (?:available|free|disk|system|storage|mailbox|mail|allowed|server|left|user|more|the|on|its|of|allocated|file)){0,3} (?:storage|space|disk|room)\b"
            r"|(?:storage|space|disk|room)(?: (?:space|limit|is|has|been|quota|allocation|on|the|size)){0,3} (?:exceeded|exhausted|full|exceeds|reached|insufficient|low|left|used up)"
            r"|exce\w+(?: (?:@|the|its|their|his|your|a|allocated|allowed|maximum|users?|of|recipients?|mailbox|available|server)){0,4} (?:storage|space|disk)\b|storage (?:allocation|space) exc",
        ),
        Rule(
            "english.full.limit",
            Cause.FULL,
            "limit|too many|exceed|over|size|reached",
            r"\b(?:mailbox|inbox|mail folder|accounts?|storage|blocks?|inode|disk|user|mailbox for user|recipients?)(?: (?:size|storage|space|has|is|maximum|message|mails?|s)){0,3} limits?(?: (?:is|has|been|was|of|for|the)){0,3} (?:exc\w+|reached|exeeded|hit|over)"
            r"|too many (?:messages|mails?|emails?)(?: stored)? (?:on|in)|(?:mailbox|inbox)(?: (?:@|would|will|has|size|is|to|for|user)){0,3} (?:be )?(?:exceed\w*|over)\b"
            r"|(?:exceeded|exceeds|over|reached)(?: (?:@|the|its|their|his|a|allowed|allocated|maximum|size|of)){0,4} (?:mailbox|inbox|storage)(?: (?:size|storage))? ?(?:limit|size|capacity)?\b"
            r"|would exceed (?:the |their |its )?(?:mailbox|storage)|user over ?limit|mailbox (?:is )?over (?:limit|size)|mailbox has exceeded",
        ),
        # what the sender's own queue says
        Rule(
            "english.expired.queue",
            Cause.EXPIRED,
            "expire|retry time|failing for|in the queue|in queue|within|last|given up|too old|retries|hours|days|deliver|attempts|retry limit",
            r"(?:message|delivery|envelope|queue|time|mail)(?: (?:has|time|lifetime|was|period)){0,2} expired|retry time ?out|retry time not reached|failing for a long time"
            r"|(?:been )?in (?:the )?queue (?:for )?too long|not (?:be )?delivered within|(?:not|couldnt be|not be) delivered? for (?:the last|more than|over|\w+ (?:days|hours))"
            r"|deliver for the last|undeliverable for|message too old|(?:too many|maximum|max|all) retries|maximum (?:number of )?(?:delivery )?attempts|retry limit|delivery time ?out",
        ),
        Rule(
            "english.loop.hops",
            Cause.LOOP,
            "loop|hop|received headers|too many received",
            r"\b(?:mail|routing|forwarding|message|possible|detected|email|delivery) (?:is )?(?:looping|loops?\b)|loop(?:s|ing)? (?:detected|back|to myself)|loop detect|looping|too many hops|hop ?count|maximum hops|hops exceeded|hop limit|too many received",
        ),
        Rule("english.busy.try_again", Cause.BUSY, "not found", r"not found (?:\. )?try again\b"),
        # gone for good
        Rule(
            "english.unknown_domain.host",
            Cause.UNKNOWN_DOMAIN,
            "host|domain|dns|mail server|nameserver|smtp server|name or service|destination system|mx|relevant answers|mailserver|mail exchanger",
            r"(?<!client )(?<!your )(?<!sending )(?<!sender )\b(?:hosts?|domains?|host or domain|domain name|hostname|recipient domain|destination domain|tenant or domain)(?: (?:name|@|#|is|was|has|for|the|of|type|in|which|address|part|you|s)){0,4} (?:unknown|not found|not known|couldnt be found|could not be found|cannot be found|cant be found|was not found|wasnt found"
            r"|does not exist|doesnt exist|do not exist|dont exist|not exist|non ?existent|nonexistent|invalid|not valid|is not valid|unresolvable|not registered|unrouteable|unroutable|not resolvable|could not be resolved|cannot be resolved|does not resolve|doesnt resolve)\b"
            r"|\b(?:unknown|no such|invalid|non ?existent|nonexistent|non ?existing|unrouteable|unroutable|unresolvable|illegal|bad) (?:(?:recipient|mail|email|destination|target|address) )?(?:host|domain)\b"
            r"|nxdomain|couldnt find (?:any |a )?(?:host|mail ?server|mail exchanger)|could not find (?:any |a )?(?:host named|mail ?server|mail exchanger)|no matches to nameserver query"
            r"|\bno (?:valid )?(?:mx|mail exchanger|mail server|mail servers|a or mx|mx or a|dns)(?: (?:or|a|aaaa|and|hosts?|dns|mx|record|records|address|entry|server|servers))* ?(?:records?|hosts?|found|for|exists?|defined|entry|could)"
            r"|point to non ?existent hosts|name or service not known|bad destination system|has no (?:mx|mail exchanger|mail server)|had no relevant answers|no route to (?:domain|recipient domain)",
        ),
        Rule(
            "english.no_mail.null_mx",
            Cause.NO_MAIL,
            "null mx|nullmx|no smtp|accept|receive|mail",
            r"null ?mx|(?:mx|srv) records? indicat\w+ no smtp|\b(?:domain|host|server|machine|system)(?: (?:@|#|name|at)){0,2} (?:does not|doesnt|do not|never|will not|no longer) (?:accepts?|receives?) (?:any )?(?:email|mail)\b(?! from)",
        ),
        Rule(
            "english.moved.away",
            Cause.MOVED,
            "moved|replaced|new address|has changed|not local|has left|left the|have left|email address is",
            r"\b(?:user|recipient|mailbox|account|person|employee|address|@)(?: (?:@|has|is|have|was)){0,3} (?:permanently )?moved\b(?! to (?:the )?(?:trash|spam|junk))|new (?:email )?address is|has been replaced by|(?:mailbox|domain) owner has changed"
            r"|(?:email )?address has changed|has changed (?:his|her|their|its) (?:email )?address|user not local|(?:has|have) left (?:the |our )?(?:company|organi[sz]ation|firm|university|employment|school)",
        ),
        Rule(
            "english.bad_syntax.recipient",
            Cause.BAD_SYNTAX,
            "syntax|malformed|illegal|invalid char|incorrectly|bad character|syntactic|contain|improper",
            r"(?:recipient|mailbox|rcpt to|destination|address)(?: (?:address|addresses|name|@|is|has|mailbox|in|the|to)){0,3} (?:syntax (?:error|is)|malformed|syntactically|contains? (?:illegal|invalid))"
            r"|(?:bad|invalid|illegal|incorrect|improper) (?:recipient |mailbox |destination |email )?address syntax|invalid recipient syntax|bad destination mailbox address syntax|syntax error in (?:the )?(?:recipient|mailbox|destination|rcpt)|malformed (?:recipient|mailbox|rcpt)",
        ),
        Rule(
            "english.unknown_mailbox.no_such",
            Cause.UNKNOWN_MAILBOX,
            "no such|unknown|invalid|existent|existing|unrecogni|unroutable|unrouteable|undefined|illegal|wrong|bad|incorrect|undeliverable|nosuch|notfound",
            rf"\b(?:no such|unknown|invalid|non ?existent|nonexistent|non ?existing|unrecogni[sz]ed|unroutable|unrouteable|undefined|illegal|bad|wrong|incorrect)"
            rf"(?: (?:or|unknown|illegal|invalid|local|smtp|destination|virtual|recipient|user|internal|mail|email|final|delivery|forward|target|domino|mailbox|remote|exchange|rcpt|to)){{0,3}} {_WHO}\b(?! (?:name or password|or password|credentials|agent|header|in (?:from|header)))"
            r"|\bno such (?:id|username|name|object|person|one|entry|contact|list|alias|destination|mailing list|email box)\b|unknown (?:username|id|name|person|destination|local|or unavailable)|unknown_user|invalid username(?! or)|unknownrecipient|user ?unknown|unknown ?user|recipientnotfound|nosuchuser|recipient ?unknown|bad destination mailbox",
        ),
        Rule(
            "english.unknown_mailbox.not_found",
            Cause.UNKNOWN_MAILBOX,
            "unknown|not known|recogni|exist|valid|unrout|found|present|registered|listed|defined|incorrect|not local|misspelled|not available|not in use|not at|not on",
            rf"{_NOT_OURS}\b{_WHO}(?! (?:header|content|name or))(?: [^ .]{{1,64}})?{_LINK} {_GONE}\b(?! (?:header|content|sender|from|helo))|(?:@|#) (?:{_GONE})\b(?! (?:sender|from|helo))",
        ),
        Rule(
            "english.unknown_mailbox.no_account",
            Cause.UNKNOWN_MAILBOX,
            "account|mailbox|customer|valid|known|user|recipient|that name|directory|domain|address|no one|nobody|domino|public|not in|no person|table|not listed|such|@|not recogni|name not|name is",
            r"(?:does not|doesnt|do not|dont|did not) have (?:an? |any )?(?:valid )?(?:(?:@|#|yahoo|email|mail|active|such|\w+) ){0,2}(?:account|mailbox|email address)\b"
            r"|\bno (?:such )?(?:mailbox|account|user|recipient|person)s?(?: (?:here|exists?|by|with|for|at|under|found|currently|available|on|matching|of)){1,3}(?: (?:that|this|the|your) (?:name|address|user|id|server|domain))?\b"
            r"|\bno (?:mailbox|account)\b|\bnot (?:(?:our|a|an|the|one of our|is|in|any)) ?(?:(?:known|valid|local|active|existing|current|registered|of our|listed|legal|recogni[sz]ed|email|registered gateway) )?(?:users?|recipients?|mailbox(?:es)?|address(?:es)?|customers?|subscribers?|accounts?|email address|person)\b(?! (?:list|header))"
            r"|not listed in (?:the )?(?:domino|public|our|directory|address)|not (?:recogni[sz]ed by|known at) this|not known here|\bname (?:is )?not recogni|not (?:found )?in (?:the |our |gateway )?(?:directory|address ?book|user (?:table|database|list)|recipient (?:table|list|map)|ldap|database|domain)"
            r"|unknown in (?:virtual|local|relay|the)|(?:virtual|local|relay) (?:mailbox|alias|recipient|user) table|(?:unable|not able|failed) to (?:find|locate|look ?up|resolve) (?:@|(?:the |this )?(?:recipient|user|mailbox|account|address)\b)"
            r"|(?:couldnt|could not|cannot|cant|can not|didnt|did not) (?:find|locate|identify|resolve|recogni[sz]e) (?:the |this |any |a |your |that )?(?:recipient|user|mailbox|account|email address|address|such)|isnt a (?:valid |known )?(?:user|recipient|mailbox)|nobody (?:here )?(?:by|with) (?:that|this) name"
            r"|no one (?:here )?(?:by|with) (?:that|this) name|unable to deliver to (?:that|this) (?:user|recipient)|account or domain may not exist|mailbox name (?:is )?(?:not allowed|invalid|incorrect|unknown)|not have (?:such )?(?:a )?(?:user|mailbox)|dont handle mail for (?:that|this) (?:user|address)",
        ),
        Rule(
            "english.disabled.mailbox",
            Cause.DISABLED,
            "disabled|suspend|not currently|deactivat|inactiv|not active|frozen|locked|dormant|not enabled|on hold|expired|over limit|not accepting|not allowed to",
            r"\b(?:mailbox|accounts?|users?|recipients?|inbox|address|customer|subscriber|login|email|domain)(?: (?:@|#|address|account|mailbox|email|name|you|that|tried|to|reach|is|are|was|were|has|have|been|be|temporarily|temporary|currently|status|or|for|now|the|owner|s|permanently|administratively|over|quota|full|and|of|user|rejected|delivery)){0,10}"
            r" (?:disabled|suspended|deactivated|inactive|not active|frozen|locked|dormant|not enabled|on hold|expired)\b"
            r"|\b(?:disabled|suspended|deactivated|inactive|frozen|locked|dormant|expired|temporarily disabled) (?:recipient|mailbox|user|account|email|address|customer)"
            r"|\b(?:mailbox|account|user|recipient account)(?: (?:@|is|was|has|been|currently|temporarily)){0,4} blocked\b(?! (?:using|by|list|for spam))|inactivity|not currently being accepted|not allowed to receive|user suspended|not accepting (?:messages|mail|email) at this time",
        ),
        Rule(
            "english.unknown_mailbox.gone",
            Cause.UNKNOWN_MAILBOX,
            "no longer|deleted|removed|closed|terminat|cancel|purged|obsolete|discontinued|abandoned|does not work|not work|retired",
            r"\bno longer (?:a )?(?:valid|in use|used|available|works?|working|employed|with|exists?|active|here|at|on this|receiv\w+|accept\w*|an? (?:employee|user|customer|member|valid)|associated|maintained|supported|use|uses|using|reachable|in service|deliverable|part)\b(?! from)"
            rf"|\b(?:{_WHO}|this address|mail)(?: (?:@|#|has|have|is|was|were|been|permanently|already|user|name|account|address|the|s|for|or)){{0,5}} (?:deleted|removed|closed|terminated|cancell?ed|purged|obsolete|discontinued|abandoned|retired)\b"
            r"|\b(?:deleted|closed|terminated|cancell?ed|obsolete|abandoned|removed) (?:account|user|mailbox|address|recipient)\b",
        ),
        # about the message, the server, or this sender
        Rule(
            "english.rate.too_much",
            Cause.RATE,
            "rate|too many|too much|too fast|too frequen|throttl|frequency|limit|flood|volume|concurren|hour|quickly|quota|exceed|daily|maximum",
            r"\brate ?limit|\b(?:sending|receiving|message|delivery|unusual) rate\b|at a rate|\btoo (?:many|much|fast|quickly|frequent\w*)\b|throttl|frequency (?:is )?(?:limit|too|exceed)|frequency limited|limit (?:on|of|for) (?:number|messages|connections|recipients)|\bflood|unexpected volume|high volume|volume of|concurren"
            r"|(?:messages?|connections?|emails?|recipients?|mails?|sending|send)(?: (?:per|an|a|hour|day|minute|session|connection|sent|from|this)){0,4} (?:limit|exceeded)|(?:exceeded|exceeds|over) (?:the |your |its |a )?(?:maximum |max |allowed )?(?:number|rate|sending|hourly|daily)|(?:connection|recipient|message|session|per hour|hourly|daily|transaction) (?:rate |count )?(?:limit|quota)",
        ),
        Rule(
            "english.too_large.message",
            Cause.TOO_LARGE,
            "large|big|size|length|maximum|too long|too heavy|exceed",
            r"\btoo (?:large|big|long|heavy)\b|(?:message|mail|email|attachment|content|data) (?:size|length)|size limit|\bsize(?: \w+){0,4} (?:exce\w+|limit|larger|maximum|too)|exce\w+(?: \w+){0,5} (?:size|length)\b|larger than|(?:max|maximum) (?:allowed )?(?:message )?(?:size|length)|exceeds? (?:the )?(?:maximum|fixed|local) ?(?:message|mail|size|length)?|oversized",
        ),
        Rule(
            "english.relay.denied",
            Cause.RELAY,
            "relay|not configured to|isnt in my list|not in my list|no mail for|host|allowed|take|local|handle|accept|gateway",
            r"\brelay|rcpthosts|in my list of allowed|(?:dont|do not|doesnt|does not) (?:handle|accept|host|take) (?:any )?(?:mail|email|messages?) for|mail for (?:@|#)?(?: is)? ?not accepted|(?:domain|recipient domain)(?: (?:@|#|is|not))* (?:hosted|local) (?:here|domain)|not a local domain|not hosted|not (?:a )?local host|not a gateway",
        ),
        Rule(
            "english.listed.blocklist",
            Cause.LISTED,
            "list|rbl|dnsbl|block|banned|reputation|spammer|open proxy|dynamic|dialup|residential|dnswl|poor|abuse|ivmsip|complain|bl|unwelcome|network not allowed|dial up|score",
            r"\b(?:black|block|deny|ban|reject)(?: )?list|\b(?:dns|uri|sur)?(?:rbl|bl)s?\b|dnsbls?|dnsrbl|grey ?listed by rbl|listed (?:on|in|at|by|as)|\bis listed\b|is blocked\b|blocked (?:using|by|for|due|because|from|on|at|see|ip|as|in|with|address)|(?:ip|host|address|server|network|client|domain|message|mail|email|messages|you|sender)(?: (?:@|#|address|is|are|was|has|have|been|from|your|source|name|range|temporarily|currently|service|connection)){0,6} (?:blocked|banned|blacklisted|blocklisted|blacklist|unwelcome|rejected due to reputation)\b"
            r"|^(?:\W*)?blocked\b|\bblocked$|\bblocked\b|banned|reputation|spammer|open proxy|dynamic (?:ip|address|host|range)|dial ?up|residential|poor (?:reputation|score)|user complaints|complaint|for abuse|network not allowed|ivmsip|on our block",
        ),
        Rule(
            "english.content.spam",
            Cause.CONTENT,
            "spam|virus|malware|phish|junk|ube|uce|unsolicited|bulk|infected|trojan|worm|suspicious|attachment|content|scored as|looks like|classif|suspected|forbidden|executable|harmful|undesirable|advert|ue",
            r"spam|virus|malware|phish|\bjunk|\bub?e\b|\buce\b|unsolicited|\bbulk (?:mail|email|message|sender)|infected|trojan|suspicious|attachment|(?:message|mail|email|body|bad|prohibited|illegal|forbidden|objectionable|undesirable) contents?|content (?:was |is |has been )?(?:rejected|denied|refused|filter|block|policy|not|violat|restrict|unaccept)|contents? (?:filter|scan)|scored as|classified as|suspected|executable|harmful|undesirable|advertis|forbidden (?:file|extension|content)",
        ),
        Rule(
            "english.policy.refused",
            Cause.POLICY,
            "polic|whitelist|allow list|allowlist|administrat|moderat|challenge|not accepting|permission|security|aup|restrict|privilege|filter|safe sender|authori|bypass list|prohibit|white list|delivery not|accepts|not allowed|disabled by|blocked by|denied by|accept m|accept e|accept any|not permitted|reject|refuse|from this host|member|posting",
            r"\bpolic(?:y|ies)\b|white ?list|allow ?list|bypass list|administratively|(?:rejected|refused|blocked|denied|prohibited|disabled) by (?:the |your |our |an? )?(?:administrat\w+|recipient|recipients|user|customer|rule|filter|owner|security|domain|mailbox|organi[sz]ation|remote|system|content|transport)"
            r"|moderat|challenge|not accepting (?:mail|messages|email) from|(?:does not|doesnt|do not|dont) accept (?:mail|messages|email|any mail) from|accepts (?:mail|messages) only|from this host not accepted|not a member|only members|members only|posting|permission|security (?:reason|violation|polic|system)|\baup\b|restricted|restriction|privilege|(?:message|mail|email|recipient|user) filter|not (?:authori[sz]ed|permitted|allowed) to (?:send|deliver|email|mail|post|submit|contact|access)|unauthori[sz]ed|not authori[sz]ed|delivery not|prohibit|(?:reject|refuse)s? (?:all |any )?(?:mail|messages|email) from",
        ),
        Rule(
            "english.busy.later",
            Cause.BUSY,
            "temporar|later|gr|deferred|busy|service|system|queue|memory|load|database|transient|unexpected|maintenance|resource|process|retr|delay|unable|problem|failure|error|back|try|not available",
            r"temporar|\b(?:try|retry|again|resend|come back)(?: \w+){0,4} later|(?:try|retry|back) (?:again )?in (?:a |\w+ )?(?:few|\w+|minutes?|seconds?|hours?)|gr[ea]y ?list|\bdeferred|\bbusy\b|overload|service (?:is )?(?:currently |temporarily )?(?:unavailable|not available|refused|denied)|not available at this time|(?:system|server|internal|local|configuration|software|processing|database|lookup|unexpected) (?:error|problem|failure)|insufficient (?:system )?resources|(?:queue|file|disk) (?:file )?(?:write|read) error|out of memory|load too high|high load|transient|maintenance|local error|will (?:be )?retr\w+|(?:has been|been|message) delayed|delay in the delivery|unable to (?:process|accept|complete)",
        ),
    )
)

CIRCUMSTANCES: Final = Table(
    (
        Rule(
            "english.network.connection",
            Cause.NETWORK,
            "connect|network|lowest numbered|transport unavailable|socket|tls|ssl|certificate|name server|lookup|dns|servfail|respond|no answer|timed out|timeout|time out|route|encrypt|smtp session|mxs|contact|response|talk|reach|establish|unresolvable|timedout|nameserver|name server",
            r"connection (?:was |has been |is )?(?:refused|reset|lost|closed|dropped|timed|timeout|time out|failed|terminated|died|aborted|interrupted)|(?:lost|broken|no|failed|cannot establish|unable to establish|establish an smtp) connection|(?:could not|couldnt|cannot|cant|unable to|failed to|wasnt able to|not able to|did not accept our requests to|being unable to) (?:re)?(?:connect|contact|reach|establish|talk)"
            r"|unable to connect|lowest numbered|unreachable|not reachable|network (?:error|related|problem|failure|is)|socket error|\b(?:start)?tls\b|\bssl\b|certificate|encryption|(?:name ?server|dns|lookup|mx lookup|domain lookup|host lookup)(?: \w+){0,3} (?:fail\w*|error|time ?out|timed out|problem|unavailable)|lookup fail|lookup did not complete|lowest numbered mx|transport unavailable|servfail|dns (?:error|failure|problem|server|fail)|not respond|no response|no answer|timed? ?out|no route|refused to talk|smtp session|temporarily unresolvable",
        ),
        Rule(
            "english.content.header",
            Cause.CONTENT,
            "header|rfc|mime|bit|charset|url|link|subject|message id|bare lf|format|compl|conform|multiple addresses|malformed",
            r"\bheaders?\b|rfc ?(?:compliant|compliance|822|2822|5322|violat)|not (?:rfc )?complian|non ?complian|does not (?:comply|conform)|(?:invalid|bad|malformed|missing|illegal) mime|mime (?:error|violation|structure|header|type|format)|charset|\burls?\b(?! for)|(?:malicious|blocked|bad|blacklisted) links?|(?:blank|missing|empty|no|bad|invalid|forbidden|multiple|duplicate) subject|subject (?:line|contains|header|is)|(?:missing|invalid|bad|duplicate|no) message id|bare lf|(?:message|mail|email) format|malformed (?:message|mail|mime)|multiple addresses in from|badly formatted",
        ),
        Rule(
            "english.protocol.command",
            Cause.PROTOCOL,
            "command|syntax|sequence|protocol|international|implemented|parameter|not supported|unsupported|ascii|utf",
            r"(?:command|parameter)s? (?:\w+ ){0,2}(?:not|unrecogni|reject|unknown|is)|not implemented|unrecogni[sz]ed command|unknown command|syntax error|bad sequence|sequence of commands|protocol (?:error|violation)|smtputf8|utf ?8|internationali[sz]ed|not supported|unsupported|non ascii",
        ),
        Rule(
            "english.busy.delivery",
            Cause.BUSY,
            "configuration|open|create|append|command|exit status|unknown error|exception|mailer|i o |input output",
            r"configuration (?:error|problem)|(?:cannot|cant|could not|couldnt|unable to|failed to) (?:open|create|append)|command (?:died|failed|output)|exit status|unknown error|exception|mailer (?:error|failed)|\b(?:i o|input output) error",
        ),
    )
)

HINTS: Final = Table(
    (
        Rule(
            "english.unknown_mailbox.unavailable",
            Cause.UNKNOWN_MAILBOX,
            "unavailable|not available",
            r"\b(?:mailbox|recipient|user|account|address|recipient mailbox|email account|users mailbox)(?: (?:@|is|was|address|name|currently|currently|that|you)){0,3} (?:unavailable|not available)\b",
        ),
        Rule(
            "english.policy.access",
            Cause.POLICY,
            "access|denied",
            r"\b(?:access|connection|service|session|client|host|message|sender|mail|email)(?: (?:@|#|is|was|has|been|to|this|from|delivery)){0,4} denied(?! by recipient)(?! recipient)|access (?:to \w+ )?(?:restricted|forbidden|not)",
        ),
        Rule(
            "english.unknown_mailbox.rejected",
            Cause.UNKNOWN_MAILBOX,
            "reject|denied|refused|not allowed|deliver|not permitted|permanent failure|may not exist|bad recipient|not accept|failed|verified|validate|verify|mail",
            rf"{_NOT_OURS}\b(?:recipients?|recipient addresse?s?|rcpt|rcpt to|address(?:es)?|mailbox|users?)(?: (?:@|address|is|was|has|been|are|all|were|that)){{0,4}} (?:rejected|denied|refused|not accepted|not allowed|not permitted|undeliverable|not deliverable|rejects?|verification failed|validation failed)\b"
            r"|(?:recipient|user) (?:cannot|could not|couldnt|cant) be verified|(?<!from )(?<!sender )@ (?:is |was )?rejected\b|unable to (?:validate|verify) (?:the )?(?:recipient|user|address)|(?<!ip )(?:address|mailbox|account) (?:does not|doesnt|cannot) (?:receive|accept) (?:any )?(?:mail|email)\b(?! from)|undeliverable (?:address|recipient|to)|bad recipient|rejected (?:recipient|address|rcpt)|rejecting (?:recipient|rcpt)"
            r"|cannot deliver mail for|permanent failure for one or more recipients|(?:does not|doesnt|not) accept mail for (?:this|that) (?:address|user|recipient)",
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
            "reject|refused|denied|not allowed|declined|bounced|unacceptable|forbidden|refusing|transaction failed|accepted",
            r"\b(?:message|mail|email|transaction|delivery|messages|connection|data|body|it)(?: (?:@|#|from|was|is|has|been|not|your|to|this|by|the|have)){0,5} (?:rejected|refused|denied|not accepted|not allowed|accepted|declined|unacceptable|forbidden)\b|\b(?:rejecting|refusing|rejected|refused) (?:this |your |the )?(?:message|mail|email|connection)|transaction failed",
        ),
    )
)
