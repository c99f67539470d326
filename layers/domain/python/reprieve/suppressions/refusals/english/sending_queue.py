"""English words of the sending server's own queue."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
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
)
