"""The meaning of words of other languages, as mail servers use them.

German, French, Spanish, Portuguese, Italian, Dutch, Russian, Japanese and Chinese. Accents and letter case do not
count, and German umlauts may be written out. The order within a language is that of `english`: who is meant, what
passes, what stays.
"""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule, Table

#: a few words in between
_GAP = r"(?: [^ .]{1,40}){0,5}"

WORDS: Final = Table(
    (
        # German
        Rule(
            "german.sender",
            Cause.SENDER,
            "absender",
            rf"absender\w{{0,24}}{_GAP} (?:abgelehnt|zuruckgewiesen|ungultig|ungueltig|unbekannt|nicht"
            r"|existiert|gesperrt|verboten)|(?:unbekannter?|ungultiger?|ungueltiger?) absender",
        ),
        Rule(
            "german.full",
            Cause.FULL,
            "voll|speicher|quota|kontingent|uberfullt|ueberfuellt|platz|zuviele|zu viele",
            r"(?:postfach|mailbox|mailkonto|konto|briefkasten|inbox|posteingang|empfanger"
            rf"|empfaenger){_GAP} (?:voll|uberfullt|ueberfuellt)\b"
            rf"|speicher\w{{0,24}}{_GAP} (?:uberschritten|ueberschritten|erschopft|erschoepft|ausgeschopft"
            r"|ausgeschoepft|voll)"
            rf"|(?:quota|kontingent)\w{{0,24}}{_GAP} (?:uberschritten|ueberschritten|erschopft|erschoepft)"
            r"|(?:kein|nicht genug|nicht genugend|nicht genuegend"
            r"|zu wenig) (?:freier )?(?:speicher|platz)|zuviele mails|zu viele (?:e ?mails|mails"
            r"|nachrichten) auf",
        ),
        Rule(
            "german.disabled",
            Cause.DISABLED,
            "gesperrt|deaktiviert|inaktiv|stillgelegt|abgeschaltet|nicht aktiv",
            r"(?:konto|postfach|benutzer|account|mailbox|empfanger|empfaenger|nutzer|adresse"
            rf"|teilnehmer)\w{{0,24}}{_GAP} (?:gesperrt|deaktiviert|inaktiv|stillgelegt|abgeschaltet"
            r"|nicht aktiv)",
        ),
        Rule(
            "german.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "domain|rechner|host|domane|server",
            rf"\b(?:domain|domane|rechner|host|server){_GAP} (?:existiert nicht|nicht gefunden"
            r"|unbekannt|ungultig|ungueltig|gibt es nicht)|(?:unbekannter?|ungultiger?"
            r"|ungueltiger?) (?:domain|domane|host|rechner)",
        ),
        Rule(
            "german.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "unbekannt|nicht|ungultig|ungueltig|geloscht|geloescht|unzustellbar|kein",
            r"(?:empfanger|empfaenger|benutzer|adresse|adressat|postfach|mailbox|konto|teilnehmer"
            rf"|nutzer|emailadresse|anwender)\w{{0,24}}{_GAP} (?:unbekannt|nicht bekannt|existiert nicht"
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
        # French
        Rule(
            "french.sender",
            Cause.SENDER,
            "emetteur|expediteur",
            rf"(?:emetteur|expediteur)\w{{0,24}}{_GAP} (?:invalide|inconnue?|refusee?|rejetee?"
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
            rf"(?:boite|messagerie|compte|bal|destinataire){_GAP} (?:pleine?|saturee?|remplie?)\b"
            rf"|quota{_GAP} (?:depassee?|atteinte?)|depass\w{{1,24}}{_GAP} quota"
            rf"|espace{_GAP} (?:insuffisant|sature|epuise)|capacite{_GAP} depassee?",
        ),
        Rule(
            "french.disabled",
            Cause.DISABLED,
            "desactiv|suspendu|bloqu|inacti|archiv|verrouill",
            rf"(?:compte|boite|utilisateur|destinataire|adresse){_GAP} (?:desactivee?|suspendue?"
            r"|bloquee?|inactive?|inactif|archivee?|verrouillee?)\b",
        ),
        Rule(
            "french.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "domaine",
            rf"domaine{_GAP} (?:inconnu|inexistant|introuvable|nexiste pas|n existe pas|invalide)",
        ),
        Rule(
            "french.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "inexistant|introuvable|existe|supprim|cloture|ferme|aucun|incorrect|errone|boite"
            "|compte|destinataire|valide|clos|trouve|connu",
            r"(?:destinataire|utilisateur|adresse|boite|compte|usager|abonne|correspondant"
            rf"|mail){_GAP} (?:inconnue?s?|invalides?|inexistante?|introuvable|nexiste pas"
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
        # Spanish and Portuguese share much, and are kept together where they do
        Rule(
            "spanish.sender",
            Cause.SENDER,
            "remitente|remetente",
            rf"(?:remitente|remetente)\w{{0,24}}{_GAP} (?:rechazad[oa]|desconocid[oa]|invalid[oa]|no|nao"
            r"|rejeitad[oa]|recusad[oa]|bloquead[oa]|desconhecid[oa]|denegad[oa])\b",
        ),
        Rule(
            "spanish.full",
            Cause.FULL,
            "llen|complet|cuota|quota|cota|espacio|espaco|almacenamiento|armazenamento|chei|lotada|excedi",
            rf"(?:buzon|casilla|bandeja|cuenta|caixa|conta|usuario|destinatario){_GAP} (?:llen[oa]"
            r"|complet[oa]|chei[oa]|lotad[oa])\b|\b(?:cuota|quota|cota|limite de almacenamiento"
            rf"|limite de armazenamento){_GAP} (?:excedid[oa]|superad[oa]|agotad[oa]|sobrepasad[oa]"
            r"|ultrapassad[oa]|esgotad[oa]|atingid[oa])"
            rf"|exced\w{{1,24}}{_GAP} (?:cuota|quota|cota|almacenamiento|armazenamento)|(?:espacio"
            rf"|almacenamiento|espaco|armazenamento){_GAP} insuficiente|sin espacio|sem espaco"
            r"|(?:no hay|nao ha)(?: suficiente)? (?:espacio|espaco)|(?:espacio|espaco) (?:agotado"
            r"|esgotado)",
        ),
        Rule(
            "spanish.disabled",
            Cause.DISABLED,
            "desactivad|deshabilitad|suspendid|bloquead|inactiv|desativad|desabilitad|suspens|inativ",
            r"(?:cuenta|usuario|buzon|casilla|conta|caixa|destinatario"
            rf"|utilizador){_GAP} (?:desactivad[oa]|deshabilitad[oa]|suspendid[oa]|bloquead[oa]"
            r"|inactiv[oa]|desativad[oa]|desabilitad[oa]|suspens[oa]|inativ[oa])",
        ),
        Rule(
            "spanish.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "dominio",
            rf"dominio{_GAP} (?:desconocido|no existe|inexistente|no encontrado|invalido|no valido"
            r"|desconhecido|nao existe|nao encontrado)",
        ),
        Rule(
            "spanish.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "possivel|pudo|desconocid|existe|encontrad|valid|eliminad|encuentra|desconhecid|errone|cancelad"
            "|excluid|encontro|localizad",
            r"(?:usuario|destinatario|buzon|direccion|cuenta|casilla|utilizador|caixa|endereco"
            rf"|conta|correo|email){_GAP} (?:desconocid[oa]|no existe|no existen|ya no existe"
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
        # Italian
        Rule(
            "italian.sender",
            Cause.SENDER,
            "mittente",
            rf"mittente{_GAP} (?:rifiutat[oa]|sconosciut[oa]|non|inesistente|bloccat[oa]|respint[oa])",
        ),
        Rule(
            "italian.full",
            Cause.FULL,
            "pien|quota|spazio|superat",
            rf"(?:casella|mailbox|account|utente){_GAP} pien[oa]|quota{_GAP} (?:superata|esaurita"
            rf"|raggiunta)|spazio{_GAP} (?:esaurito|insufficiente|terminato)"
            rf"|superat\w{{1,24}}{_GAP} (?:quota|spazio)",
        ),
        Rule(
            "italian.disabled",
            Cause.DISABLED,
            "disabilitat|sospes|disattivat|bloccat|inattiv|scadut|disattiv",
            rf"(?:casella|account|utente|indirizzo|destinatario|mailbox){_GAP} (?:disabilitat[oa]"
            r"|sospes[oa]|disattivat[oa]|bloccat[oa]|inattiv[oa]|scadut[oa])",
        ),
        Rule(
            "italian.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "dominio",
            rf"dominio{_GAP} (?:inesistente|sconosciuto|non esiste|non esistente|non trovato)",
        ),
        Rule(
            "italian.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "sconosciut|inesistente|esist|trova|valid|errat",
            r"(?:utente|destinatario|casella|indirizzo|mailbox|account"
            rf"|utenza){_GAP} (?:sconosciut[oa]|inesistente|non esiste|non esistente|non trovat[oa]"
            r"|non e stat[oa] trovat[oa]|non valid[oa]|non e valid[oa]|errat[oa])\b"
            r"|impossibile trovare (?:lindirizzo|il destinatario|lutente)|non esiste (?:l|il |la "
            r"|un )?(?:utente|destinatario|casella|lutente)",
        ),
        Rule("italian.content", Cause.CONTENT, "indesiderat", r"indesiderat[oa]"),
        Rule("italian.listed", Cause.LISTED, "lista nera", r"in lista nera|nella lista nera"),
        Rule("italian.too_large", Cause.TOO_LARGE, "troppo grande", r"troppo grande"),
        Rule("italian.relay", Cause.RELAY, "consentito|consentita", r"(?:relay|inoltro) non consentito"),
        Rule("italian.busy", Cause.BUSY, "piu tardi|temporane", r"piu tardi|temporane(?:o|a|amente)"),
        # Dutch
        Rule(
            "dutch.sender",
            Cause.SENDER,
            "afzender",
            rf"afzender\w{{0,24}}{_GAP} (?:geweigerd|onbekend|ongeldig|bestaat|geblokkeerd|niet)"
            r"|(?:onbekende|ongeldige) afzender",
        ),
        Rule(
            "dutch.full",
            Cause.FULL,
            "vol|quot|opslag|ruimte",
            rf"(?:postbus|mailbox|postvak|inbox|brievenbus){_GAP} vol\b|(?:quotum|quota"
            rf"|opslaglimiet|opslagruimte){_GAP} (?:overschreden|bereikt|vol)|onvoldoende (?:opslag"
            r"|schijf)?ruimte",
        ),
        Rule(
            "dutch.disabled",
            Cause.DISABLED,
            "uitgeschakeld|geblokkeerd|gedeactiveerd|opgeschort|inactief",
            rf"(?:account|postbus|mailbox|gebruiker|adres|postvak){_GAP} (?:uitgeschakeld"
            r"|geblokkeerd|gedeactiveerd|opgeschort|inactief)",
        ),
        Rule(
            "dutch.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "domein",
            rf"domein\w{{0,24}}{_GAP} (?:bestaat niet|onbekend|niet gevonden|ongeldig)|onbekend domein",
        ),
        Rule(
            "dutch.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "onbekend|bestaat|gevonden|ongeldig|niet bekend",
            r"(?:gebruiker|ontvanger|adres|emailadres|postbus|mailbox|geadresseerde"
            rf"|account){_GAP} (?:onbekend|bestaat niet|bestaat niet meer|niet gevonden|ongeldig"
            r"|niet bekend)\b|(?:onbekende?|ongeldige?) (?:gebruiker|ontvanger|adres|emailadres"
            r"|geadresseerde|mailbox)",
        ),
        Rule("dutch.busy", Cause.BUSY, "later|tijdelijk", r"probeer het later|later opnieuw|tijdelijk"),
        Rule("dutch.content", Cause.CONTENT, "ongewenst", r"ongewenste"),
        Rule("dutch.listed", Cause.LISTED, "zwarte lijst", r"zwarte lijst"),
        # Russian
        Rule(
            "russian.sender",
            Cause.SENDER,
            "отправител",
            rf"отправител\w{{0,24}}{_GAP} (?:не|отклонен\w{{0,24}}|неизвест\w{{1,24}}"
            rf"|заблокирован\w{{0,24}}|запрещен\w{{0,24}})",
        ),
        Rule(
            "russian.full",
            Cause.FULL,
            "переполнен|квот|места|заполнен",
            r"переполнен|(?:превышен|исчерпан)\w{0,24}(?: [^ .]{1,40}){0,3} квот"
            r"|квота(?: [^ .]{1,40}){0,3} (?:превышен|исчерпан)|(?:недостаточно"
            r"|нет)(?: свободного)? места|ящик(?: [^ .]{1,40}){0,3} заполнен",
        ),
        Rule(
            "russian.disabled",
            Cause.DISABLED,
            "заблокирован|отключен|деактивирован|приостановлен|неактивен|заморожен",
            r"(?:ящик|учетная запись|пользовател|аккаунт|адрес"
            r"|получател)\w{0,24}(?: [^ .]{1,40}){0,4} (?:заблокирован|отключен|деактивирован|приостановлен"
            r"|неактивен|заморожен)\w{0,24}",
        ),
        Rule(
            "russian.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "домен",
            r"домен\w{0,24}(?: [^ .]{1,40}){0,3} (?:не существует|не наиден|неизвестен)|несуществующи\w{1,24} домен",
        ),
        Rule(
            "russian.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "не существует|наиден|неизвест|нет так|несуществующ|удален|неверн|недеиствит"
            "|не зарегистрирован|отсутствует",
            r"(?:пользовател|получател|адресат|ящик|адрес|учетная запись"
            r"|аккаунт)\w{0,24}(?: [^ .]{1,40}){0,4} (?:не существует|не наиден\w{0,24}|неизвест\w{1,24}|удален\w{0,24}"
            r"|неверн\w{1,24}|недеиствител\w{1,24}|не зарегистрирован\w{0,24}|отсутствует)"
            r"|(?:неизвестныи|несуществующии|неверныи) (?:пользователь|получатель|адресат|адрес"
            r"|почтовыи ящик|ящик)|нет так\w{1,24} (?:пользователя|адреса|ящика|получателя|почтового)",
        ),
        Rule("russian.content", Cause.CONTENT, "спам|вирус", r"\bспам|вирус"),  # noqa: RUF001
        Rule("russian.listed", Cause.LISTED, "черн", r"черн\w{1,24} спис"),
        Rule(
            "russian.too_large",
            Cause.TOO_LARGE,
            "слишком бол|размер",
            r"слишком больш|(?:превышен|превышает)\w{0,24}(?: [^ .]{1,40}){0,3} размер",
        ),
        Rule("russian.rate", Cause.RATE, "слишком много|слишком часто", r"слишком (?:много|часто)"),
        Rule("russian.busy", Cause.BUSY, "позже|временно|позднее", r"позже|временно|позднее"),
        # Japanese, Chinese
        Rule(
            "japanese.sender",
            Cause.SENDER,
            "送信者|差出人|送信元",
            r"(?:送信者|差出人|送信元)[^.]{0,20}(?:拒否|存在しません|存在しない|不明|無効|確認でき)",
        ),
        Rule(
            "japanese.full",
            Cause.FULL,
            "いっぱい|一杯|満杯|容量|超過|上限|不足|超え|オーバー",
            r"(?:メールボックス|受信箱|受信トレイ|容量|ディスク|保存領域)[^.]{0,20}(?:いっぱい|一杯|満杯|超過|超え|オーバー|不足|上限)",
        ),
        Rule(
            "japanese.disabled",
            Cause.DISABLED,
            "停止|無効化|凍結|ロック|休止|利用でき",
            r"(?:アカウント|ユーザ|メールボックス|アドレス)[^.]{0,15}(?:停止|無効化|凍結|ロック|休止|利用できな)",
        ),
        Rule(
            "japanese.unknown_domain",
            Cause.UNKNOWN_DOMAIN,
            "ドメイン|ホスト",
            r"(?:ドメイン|ホスト)[^.]{0,15}(?:存在しません|存在しない|存在していません|見つかりません|見つからない|不明)",
        ),
        Rule(
            "japanese.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "存在し|見つか|不明|無効|ありません|間違って|該当する|登録されて|見つけ",
            r"(?:ユーザ|宛先|あて先|受信者|アドレス|メールボックス|アカウント|送信先|受取人)[^.]{0,24}(?:存在しません|存在しない(?!か)|存在していません"
            r"|見つかりません|見つからない|見つけられません|不明|無効|登録されていません)|(?:宛先|あて先|ユーザ)不明|該当する(?:ユーザ|アドレス|宛先"
            r"|メールボックス)[^.]{0,10}ありません",
        ),
        Rule("japanese.content", Cause.CONTENT, "迷惑メール|スパム|ウイルス", r"迷惑メール|スパム|ウイルス"),
        Rule("japanese.listed", Cause.LISTED, "リスト", r"(?:ブラック|ブロック)リスト"),
        Rule("japanese.too_large", Cause.TOO_LARGE, "サイズ", r"サイズ[^.]{0,15}(?:超|大き)"),
        Rule("japanese.policy", Cause.POLICY, "拒否|権限", r"受信を?拒否|受信拒否|権限が(?:ない|ありません)"),
        Rule("japanese.busy", Cause.BUSY, "一時的|しばらく|後ほど|混雑", r"一時的|しばらく(?:して|経って)|後ほど|混雑"),
        Rule(
            "chinese.full",
            Cause.FULL,
            "空间|空間|已满|已滿|容量|配额|满了|超出",
            r"(?:空间|空間)[^.]{0,4}(?:不足|已满|已滿)|(?:邮箱|郵箱|信箱|容量)[^.]{0,6}(?:已满|已滿|满了|超出)|超出配额",
        ),
        Rule(
            "chinese.disabled",
            Cause.DISABLED,
            "禁用|冻结|凍結|停用|锁定",
            r"(?:用户|用戶|邮箱|郵箱|帐号|账号|帳號|帐户|账户)[^.]{0,8}(?:禁用|冻结|凍結|停用|锁定)",
        ),
        Rule(
            "chinese.unknown_mailbox",
            Cause.UNKNOWN_MAILBOX,
            "不存在|未找到|无效|無效|未开通|未開通|没有找到",
            r"(?:用户|用戶|使用者|收件人|邮箱|郵箱|信箱|帐号|账号|帳號|地址)[^.]{0,8}(?:不存在|未找到|无效|無效|未开通|未開通|没有找到)",
        ),
        Rule("chinese.content", Cause.CONTENT, "垃圾", r"垃圾(?:邮件|郵件)"),
        Rule("chinese.rate", Cause.RATE, "频率|頻率", r"频率|頻率"),
    )
)
