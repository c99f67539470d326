"""Spanish and Portuguese words; the two share much, and are kept together where they do."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import GAP, Rule

RULES: Final = (
    Rule(
        "spanish.sender",
        Cause.SENDER,
        "remitente|remetente",
        rf"(?:remitente|remetente)\w{{0,24}}{GAP} (?:rechazad[oa]|desconocid[oa]|invalid[oa]|no|nao"
        r"|rejeitad[oa]|recusad[oa]|bloquead[oa]|desconhecid[oa]|denegad[oa])\b",
    ),
    Rule(
        "spanish.full",
        Cause.FULL,
        "llen|complet|cuota|quota|cota|espacio|espaco|almacenamiento|armazenamento|chei|lotada|excedi",
        rf"(?:buzon|casilla|bandeja|cuenta|caixa|conta|usuario|destinatario){GAP} (?:llen[oa]"
        r"|complet[oa]|chei[oa]|lotad[oa])\b|\b(?:cuota|quota|cota|limite de almacenamiento"
        rf"|limite de armazenamento){GAP} (?:excedid[oa]|superad[oa]|agotad[oa]|sobrepasad[oa]"
        r"|ultrapassad[oa]|esgotad[oa]|atingid[oa])"
        rf"|exced\w{{1,24}}{GAP} (?:cuota|quota|cota|almacenamiento|armazenamento)|(?:espacio"
        rf"|almacenamiento|espaco|armazenamento){GAP} insuficiente|sin espacio|sem espaco"
        r"|(?:no hay|nao ha)(?: suficiente)? (?:espacio|espaco)|(?:espacio|espaco) (?:agotado"
        r"|esgotado)",
    ),
    Rule(
        "spanish.disabled",
        Cause.DISABLED,
        "desactivad|deshabilitad|suspendid|bloquead|inactiv|desativad|desabilitad|suspens|inativ",
        r"(?:cuenta|usuario|buzon|casilla|conta|caixa|destinatario"
        rf"|utilizador){GAP} (?:desactivad[oa]|deshabilitad[oa]|suspendid[oa]|bloquead[oa]"
        r"|inactiv[oa]|desativad[oa]|desabilitad[oa]|suspens[oa]|inativ[oa])",
    ),
    Rule(
        "spanish.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "dominio",
        rf"dominio{GAP} (?:desconocido|no existe|inexistente|no encontrado|invalido|no valido"
        r"|desconhecido|nao existe|nao encontrado)",
    ),
    Rule(
        "spanish.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "possivel|pudo|desconocid|existe|encontrad|valid|eliminad|encuentra|desconhecid|errone|cancelad"
        "|excluid|encontro|localizad",
        r"(?:usuario|destinatario|buzon|direccion|cuenta|casilla|utilizador|caixa|endereco"
        rf"|conta|correo|email){GAP} (?:desconocid[oa]|no existe|no existen|ya no existe"
        r"|inexistente|no encontrad[oa]|no fue encontrad[oa]|no ha sido encontrad[oa]"
        r"|no se encuentra|no se encontro|invalid[oa]|no valid[oa]|no es valid[oa]"
        r"|eliminad[oa]|cancelad[oa]|erronea|desconhecid[oa]|nao existe|nao existem"
        r"|nao encontrad[oa]|nao foi encontrad[oa]|nao e valid[oa]|nao localizad[oa]"
        r"|excluid[oa])\b"
        r"|(?:no se encontro|no se ha encontrado|nao foi possivel encontrar"
        r"|no se pudo encontrar) (?:la |el |o )?(?:direccion|destinatario|usuario|buzon"
        r"|endereco)"
        r"|(?:no existe|nao existe) (?:el |la |ese |este |tal |o |a |esse |este |um |un "
        r"|una )?(?:usuario|destinatario|buzon|cuenta|direccion|utilizador|caixa|endereco"
        r"|conta)",
    ),
    Rule(
        "spanish.content",
        Cause.CONTENT,
        "deseado|desejado|spam|indesejad|solicitad",
        r"correo no deseado|como (?:correo )?spam|nao solicitad|indesejad|no solicitad",
    ),
    Rule("spanish.listed", Cause.LISTED, "lista negra", r"lista negra"),
    Rule(
        "spanish.too_large",
        Cause.TOO_LARGE,
        "demasiado grande|muito grande|tamano|tamanho",
        r"(?:demasiado|muito) grande|(?:tamano|tamanho)(?: \w{1,24}){0,4} (?:exced\w{1,24}"
        r"|maximo|limite|permitido)",
    ),
    Rule(
        "spanish.busy",
        Cause.BUSY,
        "mas tarde|mais tarde|temporal|temporari",
        r"(?:mas|mais) tarde|temporalmente|temporariamente|temporari[ao]\b",
    ),
    Rule(
        "spanish.relay",
        Cause.RELAY,
        "retransmi|reenvio",
        r"retransmis\w{1,24} (?:no|nao) (?:permitid|autorizad)\w{1,24}",
    ),
)
