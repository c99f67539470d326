"""Japanese words."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
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
)
