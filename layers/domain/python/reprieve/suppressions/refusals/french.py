"""French words."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import GAP, Rule

RULES: Final = (
    Rule(
        "french.sender",
        Cause.SENDER,
        "emetteur|expediteur",
        rf"(?:emetteur|expediteur)\w{{0,24}}{GAP} (?:invalide|inconnue?|refusee?|rejetee?"
        r"|non autorisee?|bloquee?|nexiste pas|introuvable|incorrecte?)",
    ),
    Rule(
        "french.authentication",
        Cause.AUTHENTICATION,
        "authentification",
        r"authentification (?:requise|invalide|echouee|obligatoire|necessaire)|code dauthentification",
    ),
    Rule(
        "french.full",
        Cause.FULL,
        "plein|quota|espace|depass|sature|rempli|capacite",
        rf"(?:boite|messagerie|compte|bal|destinataire){GAP} (?:pleine?|saturee?|remplie?)\b"
        rf"|quota{GAP} (?:depassee?|atteinte?)|depass\w{{1,24}}{GAP} quota"
        rf"|espace{GAP} (?:insuffisant|sature|epuise)|capacite{GAP} depassee?",
    ),
    Rule(
        "french.disabled",
        Cause.DISABLED,
        "desactiv|suspendu|bloqu|inacti|archiv|verrouill",
        rf"(?:compte|boite|utilisateur|destinataire|adresse){GAP} (?:desactivee?|suspendue?"
        r"|bloquee?|inactive?|inactif|archivee?|verrouillee?)\b",
    ),
    Rule(
        "french.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "domaine",
        rf"domaine{GAP} (?:inconnu|inexistant|introuvable|nexiste pas|n existe pas|invalide)",
    ),
    Rule(
        "french.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "inexistant|introuvable|existe|supprim|cloture|ferme|aucun|incorrect|errone|boite"
        "|compte|destinataire|valide|clos|trouve|connu",
        r"(?:destinataire|utilisateur|adresse|boite|compte|usager|abonne|correspondant"
        rf"|mail){GAP} (?:inconnue?s?|invalides?|inexistante?|introuvable|nexiste pas"
        r"|n existe pas|nexiste plus|n existe plus|supprimee?|clotureee?|clos|fermee?"
        r"|incorrecte?|erronee?|non trouvee?|pas valide|nest pas connue?|nest plus valide)\b"
        r"|aucune? (?:utilisateur|destinataire|boite|compte|usager)"
        r"|impossible de trouver (?:ladresse|le destinataire|lutilisateur)|(?:pas"
        r"|plus) de (?:boite|compte|destinataire) (?:a ce nom|pour)",
    ),
    Rule(
        "french.content",
        Cause.CONTENT,
        "spam|indesirable|pourriel|virus|mail rejete",
        r"indesirable|pourriel|(?:considere|identifie|detecte|classe)\w{0,24} comme (?:du |un "
        r"|etant du )?spam|incident de spam|mail rejete",
    ),
    Rule("french.listed", Cause.LISTED, "liste noire|bloquee", r"liste noire|adresse ip (?:source )?bloquee"),
    Rule(
        "french.too_large",
        Cause.TOO_LARGE,
        "trop gros|trop volumineux|trop grand|trop long|trop lourd|taille",
        r"trop (?:gros|volumineux|grand|long|lourd)|taille (?:limite|maxim)",
    ),
    Rule("french.rate", Cause.RATE, "trop de", r"trop de (?:connexions|messages|mails|destinataires|courriers)"),
    Rule(
        "french.relay",
        Cause.RELAY,
        "relais|relayage",
        r"(?:relais|relayage) (?:refuse|interdit|non autorise|pas autorise)",
    ),
    Rule(
        "french.busy",
        Cause.BUSY,
        "essayer|reessay|temporaire|momentane|service refuse|ulterieur|indisponible",
        r"(?:re)?essayer (?:plus tard|ulterieurement|de nouveau)|reessay|temporairement"
        r"|momentanement|service refuse|ulterieurement|service indisponible",
    ),
)
