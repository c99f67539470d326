"""German words; umlauts may be written out."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import GAP, Rule

RULES: Final = (
    Rule(
        "german.sender",
        Cause.SENDER,
        "absender",
        rf"absender\w{{0,24}}{GAP} (?:abgelehnt|zuruckgewiesen|ungultig|ungueltig|unbekannt|nicht"
        r"|existiert|gesperrt|verboten)|(?:unbekannter?|ungultiger?|ungueltiger?) absender",
    ),
    Rule(
        "german.full",
        Cause.FULL,
        "voll|speicher|quota|kontingent|uberfullt|ueberfuellt|platz|zuviele|zu viele",
        r"(?:postfach|mailbox|mailkonto|konto|briefkasten|inbox|posteingang|empfanger"
        rf"|empfaenger){GAP} (?:voll|uberfullt|ueberfuellt)\b"
        rf"|speicher\w{{0,24}}{GAP} (?:uberschritten|ueberschritten|erschopft|erschoepft|ausgeschopft"
        r"|ausgeschoepft|voll)"
        rf"|(?:quota|kontingent)\w{{0,24}}{GAP} (?:uberschritten|ueberschritten|erschopft|erschoepft)"
        r"|(?:kein|nicht genug|nicht genugend|nicht genuegend"
        r"|zu wenig) (?:freier )?(?:speicher|platz)|zuviele mails|zu viele (?:e ?mails|mails"
        r"|nachrichten) auf",
    ),
    Rule(
        "german.disabled",
        Cause.DISABLED,
        "gesperrt|deaktiviert|inaktiv|stillgelegt|abgeschaltet|nicht aktiv",
        r"(?:konto|postfach|benutzer|account|mailbox|empfanger|empfaenger|nutzer|adresse"
        rf"|teilnehmer)\w{{0,24}}{GAP} (?:gesperrt|deaktiviert|inaktiv|stillgelegt|abgeschaltet"
        r"|nicht aktiv)",
    ),
    Rule(
        "german.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "domain|rechner|host|domane|server",
        rf"\b(?:domain|domane|rechner|host|server){GAP} (?:existiert nicht|nicht gefunden"
        r"|unbekannt|ungultig|ungueltig|gibt es nicht)|(?:unbekannter?|ungultiger?"
        r"|ungueltiger?) (?:domain|domane|host|rechner)",
    ),
    Rule(
        "german.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "unbekannt|nicht|ungultig|ungueltig|geloscht|geloescht|unzustellbar|kein",
        r"(?:empfanger|empfaenger|benutzer|adresse|adressat|postfach|mailbox|konto|teilnehmer"
        rf"|nutzer|emailadresse|anwender)\w{{0,24}}{GAP} (?:unbekannt|nicht bekannt|existiert nicht"
        r"|existiert nicht mehr|nicht gefunden|ungultig|ungueltig|nicht vorhanden|geloscht"
        r"|geloescht|nicht existent|nicht gultig|nicht gueltig|gibt es nicht|nicht mehr gultig"
        r"|unzustellbar)\b"
        r"|(?:unbekannte[rs]?|ungultige[rs]?|ungueltige[rs]?) (?:email ?)?(?:empfanger"
        r"|empfaenger|benutzer|adresse|adressat|nutzer|teilnehmer|mailbox|postfach)"
        r"|keine?n? (?:solche[rsn]?|gultige[rsn]?|gueltige[rsn]?) (?:empfanger|empfaenger"
        r"|benutzer|adresse|postfach|mailbox|nutzer)|kein (?:postfach|benutzer|empfanger"
        r"|empfaenger) (?:mit|unter|dieses)",
    ),
    Rule(
        "german.content",
        Cause.CONTENT,
        "spam|werbung|virus|unerwunscht|unerwuenscht",
        r"als spam|spamverdacht|werbung|enthalt (?:einen )?virus|unerwunscht|unerwuenscht",
    ),
    Rule(
        "german.listed",
        Cause.LISTED,
        "schwarz|sperrliste|blockliste",
        r"schwarze\w{0,24} liste|sperrliste|blockliste",
    ),
    Rule(
        "german.too_large",
        Cause.TOO_LARGE,
        "zu gro|groszen|grosse",
        r"zu gross\b|zu grosz|grossenbe\w{1,24}|maximale\w{0,24} grosse",
    ),
    Rule(
        "german.busy",
        Cause.BUSY,
        "spater|spaeter|vorubergehend|voruebergehend|zeitweise|zurzeit|zeitweilig",
        r"spater|spaeter|vorubergehend|voruebergehend|zeitweise|zeitweilig|zurzeit nicht",
    ),
    Rule(
        "german.policy",
        Cause.POLICY,
        "richtlinie|berechtig|administrativ",
        r"richtlinie|nicht berechtigt|berechtigung|administrativ\w{0,24} grund",
    ),
)
