"""The meaning of the marks of single receivers: codes of their own, links to their help, phrases that only they use.

Searched in the text with its codes and links. Sources: the postmaster pages and published error lists of Google,
Microsoft, Yahoo, Apple, Orange and La Poste, United Internet (GMX, web.de), T-Online, Comcast, Charter, Cox, GoDaddy,
Tencent, NetEase, Yandex, Mail.ru, Facebook, and the names of the blocklists.
"""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
    # Google: the link at the end of an answer names its reason
    Rule("google.unknown_mailbox", Cause.UNKNOWN_MAILBOX, "p=", r"[?&]p=nosuchuser"),
    Rule("google.disabled", Cause.DISABLED, "p=", r"[?&]p=disableduser"),
    Rule("google.full", Cause.FULL, "p=", r"[?&]p=overquota\w{0,24}"),
    Rule("google.rate", Cause.RATE, "p=", r"[?&]p=(?:receivingrate|unsolicitedratelimit|sendingrate)\w{0,24}"),
    Rule("google.listed", Cause.LISTED, "p=", r"[?&]p=(?:unsolicitedip|lowreputation)\w{0,24}"),
    Rule("google.content", Cause.CONTENT, "p=", r"[?&]p=(?:unsolicited|blockedmessage|rfcmessage)\w{0,24}"),
    Rule("google.authentication", Cause.AUTHENTICATION, "p=", r"[?&]p=(?:dmarc|ipv6_auth|badauth|wantauth)\w{0,24}"),
    Rule("google.too_large", Cause.TOO_LARGE, "p=", r"[?&]p=maxsize\w{0,24}"),
    Rule("google.policy", Cause.POLICY, "p=|- gcdp", r"[?&]p=notauthorized\w{0,24}|- gcdp\b"),
    Rule(
        "google.group",
        Cause.POLICY,
        "groups.google.com/support|support.google.com/a/answer/168383",
        r"groups\.google\.com/support|support\.google\.com/a/answer/168383",
    ),
    # Microsoft
    Rule(
        "microsoft.full",
        Cause.FULL,
        "quotaexceeded|shutoffquota",
        r"quotaexceeded\w{0,24}|mapiexceptionshutoffquota\w{0,24}",
    ),
    Rule(
        "microsoft.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "resolver.adr|access denied|s2017062302",
        r"resolver\.adr\.\w{0,24}(?:recip\w{0,24}notfound|notfound|invalid)"
        r"|5\.4\.1 .{0,120}recipient address(?:es)? rejected ?: access denied"
        r"|all recipient addresses rejected ?: access denied"
        r"|recipient address rejected ?: access denied.{0,80}protection\.outlook\.com"
        r"|mailbox unavailable \(s2017062302\)",
    ),
    Rule(
        "microsoft.unknown_domain",
        Cause.UNKNOWN_DOMAIN,
        "nonexistentdomain|5.4.310",
        r"dns\.nonexistentdomain|\b5\.4\.310\b",
    ),
    Rule(
        "microsoft.policy",
        Cause.POLICY,
        "resolver.rst.|5.7.1|5.7.504|5.7.507",
        r"resolver\.rst\.(?:notauthorized|authrequired|restrictedtorecipientspermission"
        r"|sendernotauthenticated\w{0,24})|\b5\.7\.(?:12|124|13[3-6]|193|504|507)\b",
    ),
    Rule("microsoft.too_large", Cause.TOO_LARGE, "sizelimit", r"resolver\.rst\.\w{0,24}sizelimit"),
    Rule("microsoft.loop", Cause.LOOP, "routing.loopdetected", r"routing\.loopdetected"),
    Rule("microsoft.expired", Cause.EXPIRED, "queue.expired|5.4.300|4.4.300", r"queue\.expired|\b[45]\.4\.300\b"),
    Rule(
        "microsoft.rate",
        Cause.RATE,
        "thread limit|5.2.12|5.1.90|5.7.23|rp-00",
        r"recipient thread limit exceeded|\b5\.2\.12[12]\b|\b5\.1\.90\b|\b5\.7\.23[23]\b|\brp-00[123]\b",
    ),
    Rule(
        "microsoft.reputation",
        Cause.LISTED,
        "sc-00|ou-00|dy-00|s3140|s3150|s775|s3114|5.7.6|5.7.7|5.7.511|5.7.5",
        r"\b(?:sc|ou|dy)-00[0-9]\b|\(?\bs(?:3140|3150|775|3114)\b|\b5\.7\.(?:6[0-4][0-9]"
        r"|7[0-5][0-9]|50[123]|511)\b",
    ),
    Rule("microsoft.authentication", Cause.AUTHENTICATION, "5.7.5|5.7.23", r"\b5\.7\.(?:509|515|57|23)\b"),
    Rule(
        "microsoft.sender",
        Cause.SENDER,
        "5.1.8 |5.7.512|5.7.64",
        r"\b5\.7\.(?:512|64)\b|\b5\.1\.8 access denied, bad outbound sender",
    ),
    # Yahoo
    Rule("yahoo.rate", Cause.RATE, "[ts", r"\[ts(?:0[0-9]|s[0-9][0-9])\]"),
    Rule("yahoo.content", Cause.CONTENT, "[ph|5.7.9", r"\[ph[0-9][0-9]\]"),
    Rule("yahoo.listed", Cause.LISTED, "[bl", r"\[bl[0-9][0-9]\]"),
    Rule("yahoo.busy", Cause.BUSY, "[gl", r"\[gl[0-9][0-9]\]"),
    # Apple
    Rule("apple.unknown_mailbox", Cause.UNKNOWN_MAILBOX, "inactive email address", r"inactive email address"),
    Rule("apple.policy", Cause.POLICY, "[cs|[hm|[ht", r"\[(?:cs|hm|ht|hme)[0-9][0-9]?\]"),
    # Orange (OFR, OUK) and La Poste (LPN): the last three digits
    Rule(
        "orange.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "ofr|lpn|ouk",
        r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-]?41[68]\b",
    ),
    Rule("orange.full", Cause.FULL, "ofr|lpn|ouk", r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-]?417\b"),
    Rule("orange.disabled", Cause.DISABLED, "ofr|lpn|ouk", r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-]42[06]\b"),
    Rule(
        "orange.sender",
        Cause.SENDER,
        "ofr|lpn|ouk",
        r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:40[35]|415|421)\b",
    ),
    Rule(
        "orange.authentication",
        Cause.AUTHENTICATION,
        "ofr|lpn|ouk",
        r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:305|40[12]|517)\b",
    ),
    Rule("orange.rate", Cause.RATE, "ofr|lpn|ouk", r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:10[49])\b"),
    Rule(
        "orange.listed",
        Cause.LISTED,
        "ofr|lpn|ouk",
        r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:10[123]|510|630|999)\b",
    ),
    Rule("orange.content", Cause.CONTENT, "ofr|lpn|ouk", r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:506|513)\b"),
    Rule("orange.too_large", Cause.TOO_LARGE, "ofr|lpn|ouk", r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-]514\b"),
    Rule(
        "orange.busy",
        Cause.BUSY,
        "ofr|lpn|ouk",
        r"\b(?:ofr|lpn|ouk)[a-z]{0,4}[0-9]{0,3}[_-](?:10[578]|201|42[34]|505)\b",
    ),
    # United Internet, T-Online
    Rule(
        "gmx.policy",
        Cause.POLICY,
        "postmaster.",
        r"(?:reject due to|rejected due to|due to policy"
        r"|no smtp service).{0,160}postmaster\.(?:gmx|web|1and1|mail|ionos)\.",
    ),
    Rule("gmx.sender", Cause.SENDER, "invalid dns mx", r"invalid dns mx or a ?/ ?aaaa resource record"),
    Rule("t_online.listed", Cause.LISTED, "a problem occurred", r"a problem occurred\.? ?\(ask your postmaster"),
    # Comcast, Charter, Cox, GoDaddy
    Rule("comcast.rate", Cause.RATE, "rl0", r"\brl0{2,4}[0-9]{1,4}\b"),
    Rule("comcast.listed", Cause.LISTED, "bl0|es0|es1|bl1", r"\b(?:bl|es)[01]{3,8}\b"),
    Rule("charter.reputation", Cause.LISTED, "aup#|cxbl|cxsndr", r"\baup#[\w-]{1,20}|\bcxbl\b"),
    Rule("cox.rate", Cause.RATE, "cxmxrt|cxthrt|cxcnct", r"\bcx(?:mxrt|thrt|cnct)\b"),
    Rule("godaddy.rate", Cause.RATE, "ib6|ib5|ib7|too many", r"too many .{0,40}\bib[0-9]{3}\b|\bib60[5-9]\b"),
    Rule("godaddy.sender", Cause.SENDER, "ib", r"\bib(?:1[0-9][0-9]|50[1-9]|51[0-9])\b"),
    # Tencent: "unavailable or access denied" means too much mail for one recipient
    Rule(
        "tencent.rate",
        Cause.RATE,
        "qq.com|exmail|frequency limited",
        r"mailbox unavailable or access denied.{0,120}qq\.com"
        r"|qq\.com.{0,120}mailbox unavailable or access denied|(?:ip|connection|domain"
        r"|sender) frequency limited",
    ),
    Rule("tencent.unknown_mailbox", Cause.UNKNOWN_MAILBOX, "no=1000728", r"no=1000728\b"),
    # NetEase: HL is about the host, RP and MI about how much and what it sends, DT about the message
    Rule("netease.rate", Cause.RATE, "rp:|mi:", r"\brp:[a-z]{3}\b|\bmi:(?:cel|dmc|ccl|stc|sfq)\b"),
    Rule("netease.authentication", Cause.AUTHENTICATION, "mi:", r"\bmi:(?:spf|dma)\b"),
    Rule("netease.content", Cause.CONTENT, "dt:spm|mt:spm|mi:spb|hl:i", r"\b(?:dt|mt):spm|\bmi:spb|\bhl:i\w\w"),
    # Zoho: the domain of its own that it calls invalid is not set up there
    Rule("zoho.relay", Cause.RELAY, "relaying disallowed", r"relaying disallowed"),
    # Yandex, Mail.ru
    Rule("yandex.policy", Cause.POLICY, "policy rejection on the target", r"policy rejection on the target address"),
    Rule(
        "mail_ru.disabled",
        Cause.DISABLED,
        "account is disabled|user is terminated",
        r"local mailbox .{0,80}(?:account is disabled)",
    ),
    Rule(
        "mail_ru.unknown_mailbox",
        Cause.UNKNOWN_MAILBOX,
        "invalid mailbox",
        r"message was not accepted -- invalid mailbox",
    ),
    # Facebook
    Rule("facebook.unknown_mailbox", Cause.UNKNOWN_MAILBOX, "rcp-p1", r"\brcp-p1\b"),
    Rule("facebook.policy", Cause.POLICY, "rcp-p|pol-|con-t|int-", r"\b(?:rcp-p[2-9]|pol-[pt][0-9])\b"),
    Rule("facebook.content", Cause.CONTENT, "msg-p|msg-t", r"\bmsg-[pt][0-9]\b"),
    # blocklists, by name
    Rule(
        "blocklist.name",
        Cause.LISTED,
        "spamhaus|spamcop|barracuda|sorbs|uceprotect|abuseat|senderscore|cloudmark"
        "|invaluement|mailspike|backscatterer|spamrats|nixspam|psbl|surbl|uribl|dnsbl"
        "|proofpoint|abusix|zen.|talosintel|mimecast",
        r"spamhaus|spamcop\.net|barracuda(?:central|networks)|\bsorbs\b|uceprotect|abuseat"
        r"|senderscore|csi\.cloudmark|invaluement|mailspike|backscatterer|spamrats|nixspam"
        r"|\bpsbl\b|surbl|uribl|dnsbl[.-]|\.dnsbl|ipcheck\.proofpoint|support\.proofpoint"
        r"|lookup\.abusix|talosintel",
    ),
)
