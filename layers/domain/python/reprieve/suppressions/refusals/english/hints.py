"""English words that only hint at a cause."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.english.recipient import NOT_OURS
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
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
        rf"{NOT_OURS}\b(?:recipients?|recipient addresse?s?|rcpt|rcpt to|address(?:es)?"
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
