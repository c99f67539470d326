"""Italian words."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import GAP, Rule

RULES: Final = (
    Rule(
        "italian.sender",
        Cause.SENDER,
        "mittente",
        rf"mittente{GAP} (?:rifiutat[oa]|sconosciut[oa]|non|inesistente|bloccat[oa]|respint[oa])",
    ),
    Rule(
        "italian.full",
        Cause.FULL,
        "pien|quota|spazio|superat",
        rf"(?:casella|mailbox|account|utente){GAP} pien[oa]|quota{GAP} (?:superata|esaurita"
        rf"|raggiunta)|spazio{GAP} (?:esaurito|insufficiente|terminato)"
        rf"|superat\w{{1,24}}{GAP} (?:quota|spazio)",
    ),
    Rule(
        "italian.disabled",
        Cause.DISABLED,
        "disabilitat|sospes|disattivat|bloccat|inattiv|scadut|disattiv",
        rf"(?:casella|account|utente|indirizzo|destinatario|mailbox){GAP} (?:disabilitat[oa]"
        r"|sospes[oa]|disattivat[oa]|bloccat[oa]|inattiv[oa]|scadut[oa])",
    ),
    Rule(
        "italian.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "dominio",
        rf"dominio{GAP} (?:inesistente|sconosciuto|non esiste|non esistente|non trovato)",
    ),
    Rule(
        "italian.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "sconosciut|inesistente|esist|trova|valid|errat",
        r"(?:utente|destinatario|casella|indirizzo|mailbox|account"
        rf"|utenza){GAP} (?:sconosciut[oa]|inesistente|non esiste|non esistente|non trovat[oa]"
        r"|non e stat[oa] trovat[oa]|non valid[oa]|non e valid[oa]|errat[oa])\b"
        r"|impossibile trovare (?:lindirizzo|il destinatario|lutente)|non esiste (?:l|il |la "
        r"|un )?(?:utente|destinatario|casella|lutente)",
    ),
    Rule("italian.content", Cause.CONTENT, "indesiderat", r"indesiderat[oa]"),
    Rule("italian.listed", Cause.LISTED, "lista nera", r"in lista nera|nella lista nera"),
    Rule("italian.too_large", Cause.TOO_LARGE, "troppo grande", r"troppo grande"),
    Rule("italian.relay", Cause.RELAY, "consentito|consentita", r"(?:relay|inoltro) non consentito"),
    Rule("italian.busy", Cause.BUSY, "piu tardi|temporane", r"piu tardi|temporane(?:o|a|amente)"),
)
