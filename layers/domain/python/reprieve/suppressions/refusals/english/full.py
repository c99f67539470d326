"""English words for a mailbox that is full."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
    # first the quotas that are not about space
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
)
