"""English words about the sender."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

#: whose mail it is
_SENDER = (
    r"(?:senders?|envelope sender|envelope from|from address|mail from|mailfrom"
    r"|return path|reverse path|originator|sending domain"
    r"|from domain|source address|from header|header from|sending server|sending host|sending address|sender id)"
)
_OF_SENDER = (
    r"(?: (?:address|addresses|domain|email|@|#|of|verify|verification|name|host|ip"
    r"|mailbox|account|envelope|is|was|has|been|for|the|be|must|in|s|and|or|from|mail"
    r"|server|user)){0,6}"
)

RULES: Final = (
    Rule(
        "english.sender.verification",
        Cause.SENDER,
        "verif|callout|call back|identities",
        r"sender (?:address )?(?:verif|could not be verif|cannot be verif|not verif|unverif)"
        r"|verification failed for"
        r"|callout|call back (?:setup|verif)|verify (?:the )?sender|unverified (?:sender"
        r"|address)|sender (?:\w{1,24} )?unverified"
        r"|email address is not verified|identities failed the check",
    ),
    Rule(
        "english.sender.harvest",
        Cause.RATE,
        "too many",
        r"too many (?:invalid|bad|unknown|non ?existent|unverified|wrong|failed"
        r"|rejected) (?:recipient|user|address|rcpt|mailbox)",
    ),
    Rule(
        "english.sender.helo",
        Cause.REVERSE_DNS,
        "helo|ehlo",
        r"\b(?:helo|ehlo)(?: (?:command|name|argument|string|hostname|host|#|@|is|was|greeting|domain)){0,4}"
        r" (?:rejected|invalid|bad|not|does|doesnt|must|mismatch|refused|fake|forged|unacceptable|need)"
        r"|(?:invalid|bad|fake|forged|bogus|illegal|wrong|access denied) (?:helo|ehlo)|(?:helo"
        r"|ehlo) command rejected",
    ),
    Rule(
        "english.sender.reverse_dns",
        Cause.REVERSE_DNS,
        "ptr|rdns|revers|hostname|resol|sending ip|mismatch|forged|your",
        r"\b(?:ptr|rdns|fcrdns)\b|reverse ?(?:dns|lookup|host|mapping|resol|address|record|ip|entry|pointer)"
        r"|(?:cannot|can not|cant|could not|couldnt|unable to) (?:find|resolve|verify|get"
        r"|determine) your (?:reverse )?(?:host|ip|domain|address|name)"
        r"|(?:ip|host|client|server|hostname|ip address)(?: (?:@|#|address|name|your"
        r"|you)){0,3} (?:does not|doesnt|do not|did not|not|cannot be) resol"
        r"|unverif\w{1,24} sending ips?|dns (?:name )?mismatch|hostname mismatch|may be forged",
    ),
    Rule(
        "english.sender.authentication",
        Cause.AUTHENTICATION,
        "spf|dkim|dmarc|login|domainkeys|credentials|password|auth|sender id|senderid",
        r"\bspf\b|\bdkim\b|dmarc|unauthenticated|not authenticated"
        r"|authentication (?:is )?(?:required|needed|fail|check|level|unsuccessful"
        r"|credentials)"
        r"|authentication.{0,20} failed|auth fail|authenticate (?:first|before|yourself)"
        r"|(?:must|need to|please) authenticate|requires? (?:smtp )?authentication"
        r"|without authentication|smtp auth|(?:turn on|enable) (?:smtp )?auth|domainkeys"
        r"|sender ?id fail|invalid (?:login|credentials)|username and password"
        r"|authentication information|authentication mechanism|authentication rejected|authentication disabled",
    ),
    Rule(
        "english.sender.refused",
        Cause.SENDER,
        "send|from|return path|reverse path|originator|source address",
        rf"\b{_SENDER}{_OF_SENDER} (?:rejected|refused|denied|invalid|unknown|undeliverable|bad"
        r"|fake|forged|disabled|suspended|restricted"
        r"|blocked|blacklisted|banned|missing|malformed|not|doesnt|does not|isnt|cannot|cant"
        r"|could not|couldnt|must exist|unresolv\w{0,24}|no dns|no (?:a|mx|aaaa|valid)|exists? not"
        r"|mismatch|failed|fails|unacceptable|nonexistent|non existent|is a spammer|not found)\b",
    ),
    Rule(
        "english.sender.no_such",
        Cause.SENDER,
        "send|from|return path|reverse path|originator|source address",
        r"\b(?:invalid|unknown|bad|fake|forged|illegal|unresolvable|unresolved|unroutable"
        r"|unrouteable|undeliverable|non ?existent|unverified|unauthori[sz]ed|no such|blocked"
        r"|rejected|null|malformed"
        r"|cannot (?:verify|find|resolve|accept)|could not (?:verify|find|resolve)"
        r"|unable to (?:verify|find|resolve)|spoofed|disallowed|blacklisted|denied|rejecting"
        r"|invalid domain (?:for|in|of)) (?:(?:the|your|envelope|mail|email|domain|this|by"
        rf"|address|of|in|for) ){{0,3}}{_SENDER}\b",
    ),
    Rule(
        "english.sender.domain",
        Cause.SENDER,
        "domain|your|mail from|sender",
        r"domains? (?:name )?(?:of|in|for|part of) (?:the |your )?(?:sender|senders|envelope"
        r"|from|mail from|return path)"
        r"|\byour (?:sending |mail |email |envelope )?(?:domain|server|host|hostname"
        r"|ip)(?: (?:name|address|@|#)){0,2}"
        r" (?:is|was|has|does|doesnt|do|could|couldnt|cannot|cant|isnt|must|needs|not|blocked"
        r"|rejected|blacklisted)\b"
        r"|\byour (?:email )?address(?: @)? (?:is not|isnt|was not|does not|doesnt|cannot be"
        r"|could not be|is blocked|is blacklisted|has been)"
        r"|mail from (?:command )?(?:@ )?(?:rejected|refused|denied|is not|not)\b",
    ),
    Rule(
        "english.sender.account",
        Cause.SENDER,
        "sending|not owned|unusual|outbound",
        r"sending (?:for|from) (?:this|your) (?:account|address|domain|server)|(?:disabled"
        r"|blocked|suspended|not allowed|prohibited) from sending|not owned by (?:the )?user"
        r"|unusual sending activity|outbound (?:spam|mail) (?:is )?(?:blocked|disabled"
        r"|suspended)",
    ),
)
