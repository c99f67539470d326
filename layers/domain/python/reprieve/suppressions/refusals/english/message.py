"""English words about the message, the server, or mail from this sender."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
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
