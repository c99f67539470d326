"""Chinese words."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
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
