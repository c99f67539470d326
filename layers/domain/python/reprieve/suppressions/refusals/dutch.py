"""Dutch words."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import GAP, Rule

RULES: Final = (
    Rule(
        "dutch.sender",
        Cause.SENDER,
        "afzender",
        rf"afzender\w{{0,24}}{GAP} (?:geweigerd|onbekend|ongeldig|bestaat|geblokkeerd|niet)"
        r"|(?:onbekende|ongeldige) afzender",
    ),
    Rule(
        "dutch.full",
        Cause.FULL,
        "vol|quot|opslag|ruimte",
        rf"(?:postbus|mailbox|postvak|inbox|brievenbus){GAP} vol\b|(?:quotum|quota"
        rf"|opslaglimiet|opslagruimte){GAP} (?:overschreden|bereikt|vol)|onvoldoende (?:opslag"
        r"|schijf)?ruimte",
    ),
    Rule(
        "dutch.disabled",
        Cause.DISABLED,
        "uitgeschakeld|geblokkeerd|gedeactiveerd|opgeschort|inactief",
        rf"(?:account|postbus|mailbox|gebruiker|adres|postvak){GAP} (?:uitgeschakeld"
        r"|geblokkeerd|gedeactiveerd|opgeschort|inactief)",
    ),
    Rule(
        "dutch.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "domein",
        rf"domein\w{{0,24}}{GAP} (?:bestaat niet|onbekend|niet gevonden|ongeldig)|onbekend domein",
    ),
    Rule(
        "dutch.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "onbekend|bestaat|gevonden|ongeldig|niet bekend",
        r"(?:gebruiker|ontvanger|adres|emailadres|postbus|mailbox|geadresseerde"
        rf"|account){GAP} (?:onbekend|bestaat niet|bestaat niet meer|niet gevonden|ongeldig"
        r"|niet bekend)\b|(?:onbekende?|ongeldige?) (?:gebruiker|ontvanger|adres|emailadres"
        r"|geadresseerde|mailbox)",
    ),
    Rule("dutch.busy", Cause.BUSY, "later|tijdelijk", r"probeer het later|later opnieuw|tijdelijk"),
    Rule("dutch.content", Cause.CONTENT, "ongewenst", r"ongewenste"),
    Rule("dutch.listed", Cause.LISTED, "zwarte lijst", r"zwarte lijst"),
)
