"""The classifier of refusals: words before codes, codes before the provider's opinion, and no guesses."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.classification import held_out, load, score
from reprieve.suppressions.classifier import UNDETERMINED, Confidence, Evidence, Verdict, classify
from reprieve.suppressions.refusals import tables
from reprieve.suppressions.refusals.causes import CONSEQUENCES, Cause
from reprieve.suppressions.refusals.rules import Rule
from reprieve.suppressions.refusals.status_codes import REPLY, STATUS, SUBJECT
from reprieve.suppressions.refusals.text import READ, folded
from reprieve.suppressions.suppression import Classification, Permanence

HARD, SOFT, UNSURE = Permanence
DATA = Path(__file__).parents[1] / "data" / "bounces"
CASES = json.loads((DATA / "cases.json").read_text(encoding="utf-8"))["cases"]
PUBLISHED = [json.loads(line) for line in (DATA / "published.jsonl").read_text(encoding="utf-8").splitlines()]
TABLES = (tables.ENGLISH, tables.CIRCUMSTANCES, tables.HINTS, tables.other_languages(), tables.MARKS)
RULES = [rule for table in TABLES for rule in table.rules]
#: texts of every set, as examples of what is really said
TEXTS = [one.text for name in ("kumomta", "sisimai") for one in load(name)]


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:60] for case in CASES])
def test_a_kind_that_was_once_judged_wrongly_is_judged_right(case: dict[str, str]) -> None:
    assert classify(case["text"], status=case["status"]).permanence == case["expected"], case["why"]


@pytest.mark.parametrize("published", PUBLISHED, ids=[one["text"][:60] for one in PUBLISHED])
def test_what_vendors_publish_is_judged_right(published: dict[str, Any]) -> None:
    assert classify(published["text"]).permanence is (HARD if published["hard"] else SOFT)


@pytest.mark.parametrize("words", [False, True])
def test_the_third_that_no_rule_was_written_from_is_judged_well(words: bool) -> None:
    found = score([one for name in ("kumomta", "sisimai") for one in load(name) if held_out(one.text)], words=words)
    if words:
        assert (found.hard_precision >= 0.95, found.hard_recall >= 0.90) == (True, True)
    assert (found.texts, found.soft_precision >= 0.95, found.undetermined <= 8) == (147, True, True)


def test_a_verdict_has_a_cause_a_class_evidence_and_a_certainty() -> None:
    found = classify("550 5.7.1 <u@d.example>... No such user!")
    assert found == Verdict(
        Cause.UNKNOWN_MAILBOX,
        Evidence("english.unknown_mailbox.no_such", "no such user"),
        Confidence.HIGH,
        Permanence.HARD,
    )
    assert found.classification is Classification.INVALID_ADDRESS


ENGLISH = [
    ("550 Mailbox not found", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.not_found"),
    ("550 no such user", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.no_such"),
    ("550 Not our Customer", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.no_account"),
    ("550 this mailbox no longer exists", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.gone"),
    ("550 Host unknown", Cause.UNKNOWN_DOMAIN, "english.unknown_domain.host"),
    ("556 the domain d.example has a null MX", Cause.NO_MAIL, "english.no_mail.null_mx"),
    ("551 user not local; please try x@e.example", Cause.MOVED, "english.moved.away"),
    ("501 Bad recipient address syntax", Cause.BAD_SYNTAX, "english.bad_syntax.recipient"),
    ("552 quota exceeded", Cause.FULL, "english.full.quota"),
    ("552 mailbox is full", Cause.FULL, "english.full.mailbox"),
    ("552 not enough disk space", Cause.FULL, "english.full.space"),
    ("552 mailbox size limit exceeded", Cause.FULL, "english.full.limit"),
    ("550 account has been suspended", Cause.DISABLED, "english.disabled.mailbox"),
    ("550 Sender verify failed", Cause.SENDER, "english.sender.verification"),
    ("550 Sender address rejected: user unknown", Cause.SENDER, "english.sender.refused"),
    ("550 unknown sender", Cause.SENDER, "english.sender.no_such"),
    ("550 Your domain does not exist", Cause.SENDER, "english.sender.domain"),
    ("550 message sending for this account is disabled", Cause.SENDER, "english.sender.account"),
    ("550 too many invalid recipients", Cause.RATE, "english.sender.harvest"),
    ("504 HELO command rejected: host not found", Cause.REVERSE_DNS, "english.sender.helo"),
    ("550 no PTR record found", Cause.REVERSE_DNS, "english.sender.reverse_dns"),
    ("550 SPF check failed", Cause.AUTHENTICATION, "english.sender.authentication"),
    ("550 daily message quota exceeded", Cause.RATE, "english.rate.quota"),
    ("421 too many connections", Cause.RATE, "english.rate.too_much"),
    ("552 message too large", Cause.TOO_LARGE, "english.too_large.message"),
    ("554 Relay access denied", Cause.RELAY, "english.relay.denied"),
    ("554 you are on a blocklist", Cause.LISTED, "english.listed.blocklist"),
    ("554 message looks like spam", Cause.CONTENT, "english.content.spam"),
    ("554 Headers are not RFC compliant", Cause.CONTENT, "english.content.header"),
    ("550 rejected due to local policy", Cause.POLICY, "english.policy.refused"),
    ("554 Hop count exceeded", Cause.LOOP, "english.loop.hops"),
    ("550 Message expired", Cause.EXPIRED, "english.expired.queue"),
    ("Connection refused", Cause.NETWORK, "english.network.connection"),
    ("502 command not implemented", Cause.PROTOCOL, "english.protocol.command"),
    ("Command died with status 75", Cause.BUSY, "english.busy.delivery"),
    ("451 please try again later", Cause.BUSY, "english.busy.later"),
    ("Host not found, try again", Cause.BUSY, "english.busy.try_again"),
    ("550 mailbox unavailable", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.unavailable"),
    ("550 address rejected", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.rejected"),
    ("550 does not exist", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.not_exist"),
    ("554 access denied", Cause.POLICY, "english.policy.access"),
    ("554 transaction failed", Cause.POLICY, "english.policy.message_refused"),
]


@pytest.mark.parametrize(("text", "cause", "rule"), ENGLISH)
def test_english_words_name_the_cause(text: str, cause: Cause, rule: str) -> None:
    found = classify(text)
    assert (found.cause, found.evidence.rule, found.permanence) == (cause, rule, CONSEQUENCES[cause][0])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("550 Sender rejected: over quota", "english.sender.refused"),
        ("553 Domain of sender address does not exist", "english.sender.refused"),
        ("552 Sender rejected: AUP", "english.sender.refused"),
        ("450 Mailbox full. This message has been in the queue too long", "english.full.mailbox"),
        ("552 User unknown or mailbox full", "english.full.mailbox"),
        ("452 Insufficient disk space; try again later", "english.full.space"),
        ("Host not found, try again", "english.busy.try_again"),
        ("Please try again later. This message has been in the queue too long", "english.expired.queue"),
        ("550 The account or domain may not exist, or it is blacklisted", "english.unknown_mailbox.no_account"),
        ("550 Die Nachricht wurde als Spam eingestuft", "english.content.spam"),
    ],
)
def test_of_two_rules_that_match_the_one_that_comes_first_decides(text: str, rule: str) -> None:
    assert classify(text).evidence.rule == rule


LANGUAGES = {
    "german": ("Benutzer unbekannt", "Das Postfach ist voll", "Das Konto ist gesperrt", "Absender abgelehnt"),
    "french": ("L'utilisateur n'existe pas", "Boîte pleine", "Le compte est désactivé", "Expéditeur invalide"),
    "spanish": ("El usuario no existe", "El buzón está lleno", "La cuenta está suspendida", "Remitente rechazado"),
    "italian": ("Utente sconosciuto", "La casella è piena", "L'account è disabilitato", "Mittente sconosciuto"),
    "portuguese": ("Usuário não encontrado", "A caixa está cheia", "Conta suspensa", "Remetente rejeitado"),
    "dutch": ("Gebruiker onbekend", "De mailbox is vol", "Account geblokkeerd", "Afzender geweigerd"),
    "russian": ("Нет такого пользователя", "Ящик переполнен", "Ящик заблокирован", "Отправитель не найден"),
    "japanese": (
        "ユーザーが存在しません",
        "メールボックスがいっぱいです",
        "アカウントは停止されています",
        "送信者のアドレスが存在しません",
    ),
}
ABOUT = (Cause.UNKNOWN_MAILBOX, Cause.FULL, Cause.DISABLED, Cause.SENDER)


@pytest.mark.parametrize(
    ("text", "cause"), [pair for texts in LANGUAGES.values() for pair in zip(texts, ABOUT, strict=True)]
)
def test_other_languages_are_read_too(text: str, cause: Cause) -> None:
    assert classify(f"550 5.1.1 <u@d.example>: {text}").cause is cause
    assert classify(text.upper()).cause is cause


OTHER_CAUSES = [
    ("Empfaenger nicht bekannt", Cause.UNKNOWN_MAILBOX),
    ("Domain existiert nicht", Cause.UNKNOWN_DOMAIN),
    ("wurde als Spam eingestuft", Cause.CONTENT),
    ("unerwünschte Nachricht", Cause.CONTENT),
    ("Ihre Adresse steht auf einer Sperrliste", Cause.LISTED),
    ("Die Nachricht ist zu groß", Cause.TOO_LARGE),
    ("Bitte versuchen Sie es später noch einmal", Cause.BUSY),
    ("Sie sind dazu nicht berechtigt", Cause.POLICY),
    ("Domaine inconnu", Cause.UNKNOWN_DOMAIN),
    ("Veuillez réessayer plus tard", Cause.BUSY),
    ("Authentification requise", Cause.AUTHENTICATION),
    ("courrier indésirable", Cause.CONTENT),
    ("vous êtes sur une liste noire", Cause.LISTED),
    ("message trop volumineux", Cause.TOO_LARGE),
    ("trop de connexions", Cause.RATE),
    ("relais interdit", Cause.RELAY),
    ("Dominio desconocido", Cause.UNKNOWN_DOMAIN),
    ("lista negra", Cause.LISTED),
    ("correo no deseado", Cause.CONTENT),
    ("El mensaje es demasiado grande", Cause.TOO_LARGE),
    ("Tente mais tarde", Cause.BUSY),
    ("retransmisión no permitida", Cause.RELAY),
    ("Dominio inesistente", Cause.UNKNOWN_DOMAIN),
    ("posta indesiderata", Cause.CONTENT),
    ("indirizzo in lista nera", Cause.LISTED),
    ("messaggio troppo grande", Cause.TOO_LARGE),
    ("inoltro non consentito", Cause.RELAY),
    ("riprovare più tardi", Cause.BUSY),
    ("Domein bestaat niet", Cause.UNKNOWN_DOMAIN),
    ("tijdelijk niet beschikbaar", Cause.BUSY),
    ("ongewenste post", Cause.CONTENT),
    ("uw server staat op een zwarte lijst", Cause.LISTED),
    ("Домен не существует", Cause.UNKNOWN_DOMAIN),
    ("попробуйте позже", Cause.BUSY),
    ("письмо похоже на спам", Cause.CONTENT),
    ("адрес в черном списке", Cause.LISTED),
    ("слишком большое письмо", Cause.TOO_LARGE),
    ("слишком много соединений", Cause.RATE),
    ("ドメインが見つかりません", Cause.UNKNOWN_DOMAIN),
    ("迷惑メールと判定されました", Cause.CONTENT),
    ("ブラックリストに登録されています", Cause.LISTED),
    ("メッセージのサイズが大きすぎます", Cause.TOO_LARGE),
    ("受信を拒否しました", Cause.POLICY),
    ("しばらくして再送してください", Cause.BUSY),
    ("收件人不存在", Cause.UNKNOWN_MAILBOX),
    ("邮箱空间不足", Cause.FULL),
    ("用户被禁用", Cause.DISABLED),
    ("垃圾邮件", Cause.CONTENT),
    ("发送频率过高", Cause.RATE),
]


@pytest.mark.parametrize(("text", "cause"), OTHER_CAUSES)
def test_other_languages_name_other_causes(text: str, cause: Cause) -> None:
    assert classify(f"550 {text}").cause is cause


MARKED = [
    (
        "550-5.1.1 no account https://support.google.com/mail/?p=NoSuchUser x1si - gsmtp",
        Cause.UNKNOWN_MAILBOX,
        "google.unknown_mailbox",
    ),
    ("552-5.2.2 see https://support.google.com/mail/?p=OverQuotaPerm x1si - gsmtp", Cause.FULL, "google.full"),
    ("550-5.2.1 see https://support.google.com/mail/?p=DisabledUser x1si - gsmtp", Cause.DISABLED, "google.disabled"),
    ("450 4.2.1 see https://support.google.com/mail/?p=ReceivingRate x1si - gsmtp", Cause.RATE, "google.rate"),
    ("550 5.7.1 see https://support.google.com/mail/?p=UnsolicitedIPError x1si - gsmtp", Cause.LISTED, "google.listed"),
    ("552 5.7.0 see https://support.google.com/mail/?p=BlockedMessage x1si - gsmtp", Cause.CONTENT, "google.content"),
    (
        "550 5.7.26 see https://support.google.com/mail/?p=DmarcRejection x1si - gsmtp",
        Cause.AUTHENTICATION,
        "google.authentication",
    ),
    ("552 5.3.4 see https://support.google.com/mail/?p=MaxSizeError x1si - gsmtp", Cause.TOO_LARGE, "google.too_large"),
    ("550 5.7.1 see https://support.google.com/mail/?p=NotAuthorizedError x1si - gsmtp", Cause.POLICY, "google.policy"),
    ("550 5.2.1 see https://support.google.com/a/answer/168383 x1si - gsmtp", Cause.POLICY, "google.group"),
    (
        "550 5.4.1 Recipient address rejected: Access denied [x.prod.protection.outlook.com]",
        Cause.UNKNOWN_MAILBOX,
        "microsoft.unknown_mailbox",
    ),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", Cause.UNKNOWN_MAILBOX, "microsoft.unknown_mailbox"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", Cause.LISTED, "microsoft.reputation"),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent (S3150)", Cause.LISTED, "microsoft.reputation"),
    ("550 5.4.310 DNS domain d.example does not exist", Cause.UNKNOWN_DOMAIN, "microsoft.unknown_domain"),
    (
        "554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuota",
        Cause.FULL,
        "microsoft.full",
    ),
    ("550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", Cause.POLICY, "microsoft.policy"),
    ("550 5.2.3 RESOLVER.RST.RecipSizeLimit", Cause.TOO_LARGE, "microsoft.too_large"),
    ("554 5.4.14 ROUTING.LoopDetected", Cause.LOOP, "microsoft.loop"),
    ("550 4.4.7 QUEUE.Expired", Cause.EXPIRED, "microsoft.expired"),
    ("432 4.3.2 STOREDRV; recipient thread limit exceeded", Cause.RATE, "microsoft.rate"),
    (
        "550 5.7.509 Access denied, sending domain d.example does not pass DMARC verification",
        Cause.AUTHENTICATION,
        "microsoft.authentication",
    ),
    ("550 5.1.8 Access denied, bad outbound sender AS(42004)", Cause.SENDER, "microsoft.sender"),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", Cause.RATE, "yahoo.rate"),
    ("554 5.7.9 [PH01] Message not accepted for policy reasons", Cause.CONTENT, "yahoo.content"),
    ("553 5.7.1 [BL21] Connections will not be accepted", Cause.LISTED, "yahoo.listed"),
    ("451 4.7.1 [GL01] Message deferred", Cause.BUSY, "yahoo.busy"),
    ("550 5.1.1 <u@icloud.com>: inactive email address", Cause.UNKNOWN_MAILBOX, "apple.unknown_mailbox"),
    ("554 5.7.1 [CS01] Message rejected due to local policy", Cause.POLICY, "apple.policy"),
    (
        "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416",
        Cause.UNKNOWN_MAILBOX,
        "orange.unknown_mailbox",
    ),
    ("552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417", Cause.FULL, "orange.full"),
    ("550 5.5.0 Boite du destinataire archivee. LPN007_420", Cause.DISABLED, "orange.disabled"),
    ("550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", Cause.CONTENT, "orange.content"),
    ("550 5.2.0 Mail rejete. Mail rejected. OFR_403 [403]", Cause.SENDER, "orange.sender"),
    ("550 5.2.0 Mail rejete. Mail rejected. OFR_305 [305]", Cause.AUTHENTICATION, "orange.authentication"),
    ("421 Service refuse. Service refused. OFR004_104 [104]", Cause.RATE, "orange.rate"),
    ("550 Adresse IP source bloquee. Client host blocked. OFR006_102 [102]", Cause.LISTED, "orange.listed"),
    ("552 Mail rejete. Mail rejected. OFR_514 [514]", Cause.TOO_LARGE, "orange.too_large"),
    ("451 Service refuse. Service refused. OFR_505 [505]", Cause.BUSY, "orange.busy"),
    (
        "554-gmx.net Nemesis ESMTP Service not available\n554-No SMTP service\n554 https://postmaster.gmx.net/en/case",
        Cause.POLICY,
        "gmx.policy",
    ),
    (
        "550 Requested action not taken: mailbox unavailable https://postmaster.gmx.net/en/case",
        Cause.UNKNOWN_MAILBOX,
        "english.unknown_mailbox.unavailable",
    ),
    ("554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help) (BL)", Cause.LISTED, "t_online.listed"),
    ("550 5.1.1 Not our customer BL000001", Cause.LISTED, "comcast.listed"),
    ("421 4.1.0 192.0.2.1 RL000003", Cause.RATE, "comcast.rate"),
    ("554 5.7.1 see AUP#CXBL", Cause.LISTED, "charter.reputation"),
    ("452 4.1.1 requested action aborted CXMXRT", Cause.RATE, "cox.rate"),
    ("421 too many connections IB605", Cause.RATE, "godaddy.rate"),
    ("550 5.1.0 refused IB501", Cause.SENDER, "godaddy.sender"),
    (
        "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?no=1000728",
        Cause.UNKNOWN_MAILBOX,
        "tencent.unknown_mailbox",
    ),
    (
        "550 Mailbox unavailable or access denied http://service.mail.qq.com/cgi-bin/help?id=20022",
        Cause.RATE,
        "tencent.rate",
    ),
    ("550 Ip frequency limited [a Blocked IP 192.0.2.1]", Cause.RATE, "tencent.rate"),
    ("554 DT:SPM 163 mx5", Cause.CONTENT, "netease.content"),
    ("550 MI:SPB 163 smtp5", Cause.CONTENT, "netease.content"),
    ("450 RP:TRC 163 smtp5", Cause.RATE, "netease.rate"),
    ("550 MI:SPF 163 smtp5", Cause.AUTHENTICATION, "netease.authentication"),
    ("553 Relaying disallowed as u@d.example. Invalid Domain", Cause.RELAY, "zoho.relay"),
    ("550 5.1.1 mailbox unavailable invalid DNS MX or A/AAAA resource record", Cause.SENDER, "gmx.sender"),
    ("550 5.7.1 Policy rejection on the target address", Cause.POLICY, "yandex.policy"),
    (
        "550 Message was not accepted -- invalid mailbox. Local mailbox u@mail.ru",
        Cause.UNKNOWN_MAILBOX,
        "mail_ru.unknown_mailbox",
    ),
    ("550 Local mailbox u@mail.ru is unavailable: account is disabled", Cause.DISABLED, "mail_ru.disabled"),
    ("550 5.1.1 User does not exist - <u@zoho.example>", Cause.UNKNOWN_MAILBOX, "english.unknown_mailbox.not_found"),
    ("554 5.7.1 Email cannot be delivered. Reason: Email flagged as Spam.", Cause.CONTENT, "english.content.spam"),
    (
        "550 5.1.1 RCP-P1 http://postmaster.facebook.com/response_codes",
        Cause.UNKNOWN_MAILBOX,
        "facebook.unknown_mailbox",
    ),
    ("554 5.7.1 POL-P6 http://postmaster.facebook.com/response_codes", Cause.POLICY, "facebook.policy"),
    ("554 5.7.1 MSG-P1 http://postmaster.facebook.com/response_codes", Cause.CONTENT, "facebook.content"),
    ("554 5.7.1 see https://www.spamhaus.org/query/ip/192.0.2.1", Cause.LISTED, "blocklist.name"),
]


@pytest.mark.parametrize(("text", "cause", "rule"), MARKED)
def test_a_receivers_own_marks_are_known(text: str, cause: Cause, rule: str) -> None:
    found = classify(text)
    assert (found.cause, found.evidence.rule) == (cause, rule)


def test_every_rule_decides_one_of_these_texts() -> None:
    texts = {row[0] for row in (*ENGLISH, *OTHER_CAUSES, *MARKED)}.union(*LANGUAGES.values())
    assert {rule.id for rule in RULES} - {classify(text).evidence.rule for text in texts} == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.7.1 no such user", HARD),
        ("550 5.2.1 user unknown", HARD),
        ("550 5.2.2 unknown user", HARD),
        ("552 5.1.1 mailbox full", SOFT),
        ("550 5.1.1 rejected by policy", SOFT),
        ("550 5.1.1 SPF failed", SOFT),
        ("550 5.1.2 blocked by a blocklist", SOFT),
        ("550 5.4.4 too many hops", SOFT),
    ],
)
def test_words_beat_an_enhanced_status_code(text: str, expected: Permanence) -> None:
    assert classify(text).permanence is expected


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("5.1.1", Cause.UNKNOWN_MAILBOX),
        ("5.1.2", Cause.UNKNOWN_DOMAIN),
        ("5.1.10", Cause.NO_MAIL),
        ("5.2.1", Cause.DISABLED),
        ("5.2.2", Cause.FULL),
        ("5.4.4", Cause.UNKNOWN_DOMAIN),
        ("5.4.7", Cause.EXPIRED),
        ("5.6.9", Cause.CONTENT),
        ("5.7.1", Cause.POLICY),
        ("5.7.25", Cause.REVERSE_DNS),
        ("4.2.2", Cause.FULL),
        ("05.01.001", Cause.UNKNOWN_MAILBOX),
    ],
)
def test_a_status_code_counts_where_words_say_nothing(status: str, cause: Cause) -> None:
    level, subject, detail = (int(number) for number in status.split("."))
    expected = _medium(cause, f"status.{level}.{subject}.{detail}")
    if status.startswith("0"):
        expected = UNDETERMINED
    assert classify("", status=status) == expected
    assert classify(f"failed ({status})") == expected


@pytest.mark.parametrize(
    "status", ["5.0.0", "5.1.0", "5.2.0", "5.4.0", "5.4.1", "2.1.1", "550", "5.x.1", "none", "5.1"]
)
def test_a_status_code_that_says_nothing_decides_nothing(status: str) -> None:
    assert classify("failed", status=status) == UNDETERMINED


@pytest.mark.parametrize("text", ["", "550", "554 Error", "550 failed", "550 Rejected", "5.0.0", "\x00\ud83d", "é" * 9])
def test_a_text_that_no_rule_decides_is_undetermined(text: str) -> None:
    assert classify(text) == UNDETERMINED
    assert (UNDETERMINED.permanence, UNDETERMINED.classification) == (UNSURE, Classification.UNCLASSIFIED)


@pytest.mark.parametrize(
    ("text", "status", "opinion", "expected"),
    [
        ("550 no such user", "", SOFT, HARD),
        ("552 mailbox full", "", HARD, SOFT),
        ("", "5.1.1", SOFT, HARD),
        ("Connection timed out", "", HARD, SOFT),
        ("550 mailbox unavailable", "", SOFT, SOFT),
        ("552", "", HARD, HARD),
        ("550 failed", "", HARD, HARD),
        ("550 failed", "", SOFT, SOFT),
        ("550 failed", "", UNSURE, UNSURE),
        ("450 failed", "", HARD, SOFT),
    ],
)
def test_the_providers_opinion_counts_after_words_and_codes_and_before_hints(
    text: str, status: str, opinion: Permanence, expected: Permanence
) -> None:
    assert classify(text, status=status, opinion=opinion).permanence is expected


@pytest.mark.parametrize(
    ("reply", "cause"), [(552, Cause.FULL), (556, Cause.NO_MAIL), (521, Cause.NO_MAIL), (530, Cause.AUTHENTICATION)]
)
def test_a_bare_reply_code_is_the_last_resort(reply: int, cause: Cause) -> None:
    assert classify(f"{reply} x") == Verdict(cause, Evidence(f"reply.{reply}"), Confidence.LOW, CONSEQUENCES[cause][0])


@pytest.mark.parametrize(
    "text",
    [
        "450 4.1.1 <u@d.example>: user unknown",
        "451 no such user",
        "host mx.d.example said: 450 user unknown (in reply to RCPT TO command)",
    ],
)
def test_a_refusal_that_calls_itself_temporary_is_never_hard(text: str) -> None:
    assert classify(text) == Verdict(Cause.BUSY, Evidence("temporary"), Confidence.LOW, SOFT)
    assert classify(text.replace("450", "550").replace("451", "550").replace("4.1.1", "5.1.1")).permanence is HARD


@pytest.mark.parametrize(
    "text",
    [
        "host mx said: 550 no such user (in reply to MAIL FROM command)",
        "SMTP error from remote mail server after MAIL FROM:<s@x.example> SIZE=9: 550 No such domain",
        "550 5.1.7 No such user",
        "553 5.1.8 domain x.example does not exist",
    ],
)
def test_a_refusal_about_the_sender_is_never_hard(text: str) -> None:
    assert (classify(text).permanence, classify(text).cause) == (SOFT, Cause.SENDER)


def test_a_server_that_refuses_the_connection_says_nothing_about_the_recipient() -> None:
    found = classify("host mx refused to talk to me: 550 unknown user")
    assert (found.permanence, found.cause) == (SOFT, Cause.NETWORK)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("550-5.1.1 The email account that you tried to\n550-5.1.1 reach does not\r\n550 5.1.1 exist.", HARD),
        ("552-5.2.2 The email account that you tried to reach is\n552 5.2.2 over quota", SOFT),
        ("552-5.2.2 The email account that you tried to reach is 552 5.2.2 over quota", SOFT),
        ("550-Mailbox\n550-is\n550 unknown", HARD),
    ],
)
def test_a_sentence_over_several_lines_is_one_sentence(lines: str, expected: Permanence) -> None:
    assert classify(lines).permanence is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.0 - Unknown address error '550 5.7.1 blocked by policy'", SOFT),
        ("5.1.0 - Unknown address error '550 5.1.1 no such user'", HARD),
        ("The address couldn&#39;t be found", HARD),
        ("550 5.1.1 user unknown, see https://spam.example/blocked?full", HARD),
        ("host spam-filter.blocked.example said: 550 user unknown", HARD),
        ("The group you tried to contact may not exist, or you may not have permission to post", SOFT),
    ],
)
def test_frames_links_and_host_names_do_not_count(text: str, expected: Permanence) -> None:
    assert classify(text).permanence is expected


@given(st.text(max_size=3_000), st.text(max_size=20), st.sampled_from([None, *Permanence]))
@example("a" * 100_000, "5.1.1" * 1_000, None)
@example('"@<[' * 10_000, "", HARD)
@example("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * READ, "", None)
def test_any_text_is_judged(text: str, status: str, opinion: Permanence | None) -> None:
    found = classify(text, status=status, opinion=opinion)
    assert (found.permanence in Permanence, found.classification in Classification) == (True, True)
    assert (found.cause is Cause.UNKNOWN) == (found.evidence.rule in {"", "opinion"})


@given(st.sampled_from(TEXTS), st.text(min_size=1, max_size=50))
def test_no_more_of_a_text_is_read_than_its_beginning(text: str, more: str) -> None:
    long = (text + " .").ljust(READ)[:READ]
    assert classify(long + more * 1_000) == classify(long)


@given(st.sampled_from(TEXTS))
def test_letter_case_does_not_count(text: str) -> None:
    short = text[: READ // 4]
    assert classify(short.upper()).permanence is classify(short.lower()).permanence


@given(
    st.sampled_from(["550 5.7.1 {}: no such user", "550 {}", "552 <{}> mailbox full", "550 <{}>... Rejected", "{}"]),
    st.emails()
    | st.sampled_from(
        [
            "mailbox.full@quota.exceeded.example",
            "user-unknown@spam.example",
            "no=such=user@d.example",
            "5.1.1@d.example",
            '"user unknown"@d.example',
            "postmaster@spamhaus.org",
            "a/b=550-full@[192.0.2.1]",
            "ü.unbekannt@bücher.example",
        ]
    ),
)
def test_no_address_in_a_text_changes_the_verdict(text: str, email: str) -> None:
    assert classify(text.format(email)) == classify(text.format("u@d.example"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_pattern_repeats_nothing_without_bound(rule: Rule) -> None:
    parser = importlib.import_module("re._parser")
    assert _longest(parser.parse(folded(rule.pattern))) <= 160


@pytest.mark.slow
@settings(max_examples=100, derandomize=True)
@given(st.data())
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_needle_hides_what_the_pattern_would_find(rule: Rule, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(folded(rule.pattern)))
    found = rule.search(text)
    assert found is None or not found.group().strip() or any(folded(one) in text for one in rule.needles.split("|"))


def test_the_tables_are_complete_and_name_each_rule_once() -> None:
    assert set(CONSEQUENCES) == set(Cause)
    assert len({rule.id for rule in RULES}) == len(RULES)
    judged = {rule.cause for rule in RULES} | {*STATUS.values(), *SUBJECT.values(), *REPLY.values()}
    assert judged == set(Cause) - {Cause.UNKNOWN}
    assert {permanence for permanence, _ in CONSEQUENCES.values()} == set(Permanence)


def _medium(cause: Cause, rule: str) -> Verdict:
    return Verdict(cause, Evidence(rule), Confidence.MEDIUM, CONSEQUENCES[cause][0])


def _longest(pattern: object) -> int:
    """The highest number of times that anything in a parsed pattern may be repeated."""
    longest = 1
    todo = [pattern]
    while todo:
        one = todo.pop()
        if isinstance(one, tuple) and len(one) == 2 and "REPEAT" in str(one[0]):
            longest = max(longest, int(one[1][1]))
        if isinstance(one, (tuple, list)) or hasattr(one, "data"):
            todo += list(getattr(one, "data", one))
    return longest


#: the rules that a single needle satisfies
PLAIN = """
apple.unknown_mailbox blocklist.name charter.reputation chinese.rate cox.rate dutch.busy dutch.listed
english.busy.delivery english.busy.later english.content.header english.content.spam english.expired.queue
english.listed.blocklist english.loop.hops english.network.connection english.no_mail.null_mx
english.policy.message_refused english.policy.refused english.protocol.command english.rate.too_much
english.relay.denied english.sender.authentication english.sender.reverse_dns english.sender.verification
english.too_large.message english.unknown_mailbox.rejected facebook.unknown_mailbox french.busy french.content
french.listed french.too_large german.busy german.content german.listed german.policy google.group
google.policy italian.busy italian.too_large japanese.busy japanese.content microsoft.authentication
microsoft.expired microsoft.full microsoft.loop microsoft.policy microsoft.rate microsoft.reputation
microsoft.sender microsoft.unknown_domain netease.content russian.busy russian.content russian.full
russian.rate spanish.busy spanish.content spanish.listed spanish.too_large tencent.unknown_mailbox
zoho.relay
"""


def test_every_other_rule_needs_more_than_the_letters_that_it_is_found_by() -> None:
    satisfied = [rule.id for rule in RULES if any(rule.search(f" {folded(one)} ") for one in rule.needles.split("|"))]
    assert sorted(satisfied) == PLAIN.split()
