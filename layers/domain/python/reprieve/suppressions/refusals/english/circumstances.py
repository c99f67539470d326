"""English words about the circumstances: no connection, no common language."""

from __future__ import annotations

from typing import Final

from reprieve.suppressions.refusals.causes import Cause
from reprieve.suppressions.refusals.rules import Rule

RULES: Final = (
    Rule(
        "english.network.connection",
        Cause.NETWORK,
        "connect|network|lowest numbered|transport unavailable|socket|tls|ssl|certificate"
        "|name server|lookup|dns|servfail|respond|no answer|timed out|timeout|time out|route"
        "|encrypt|smtp session|mxs|contact|response|talk|reach|establish|unresolvable"
        "|timedout|nameserver|name server",
        r"connection (?:was |has been |is )?(?:refused|reset|lost|closed|dropped|timed|timeout"
        r"|time out|failed|terminated|died|aborted|interrupted)|(?:lost|broken|no|failed"
        r"|cannot establish|unable to establish|establish an smtp) connection|(?:could not"
        r"|couldnt|cannot|cant|unable to|failed to|wasnt able to|not able to"
        r"|did not accept our requests to|being unable to) (?:re)?(?:connect|contact|reach"
        r"|establish|talk)"
        r"|unable to connect|lowest numbered|unreachable|not reachable|network (?:error"
        r"|related|problem|failure|is)|socket error|\b(?:start)?tls\b|\bssl\b|certificate"
        r"|encryption|(?:name ?server|dns|lookup|mx lookup|domain lookup"
        r"|host lookup)(?: \w{1,24}){0,3} (?:fail\w{0,24}|error|time ?out|timed out|problem|unavailable)"
        r"|lookup fail|lookup did not complete|lowest numbered mx|transport unavailable"
        r"|servfail|dns (?:error|failure|problem|server|fail)|not respond|no response"
        r"|no answer|timed? ?out|no route|refused to talk|smtp session"
        r"|temporarily unresolvable",
    ),
    Rule(
        "english.content.header",
        Cause.CONTENT,
        "header|rfc|mime|bit|charset|url|link|subject|message id|bare lf|format|compl|conform"
        "|multiple addresses|malformed",
        r"\bheaders?\b|rfc ?(?:compliant|compliance|822|2822|5322|violat)"
        r"|not (?:rfc )?complian|non ?complian|does not (?:comply|conform)|(?:invalid|bad"
        r"|malformed|missing|illegal) mime|mime (?:error|violation|structure|header|type"
        r"|format)|charset|\burls?\b(?! for)|(?:malicious|blocked|bad|blacklisted) links?"
        r"|(?:blank|missing|empty|no|bad|invalid|forbidden|multiple|duplicate) subject"
        r"|subject (?:line|contains|header|is)|(?:missing|invalid|bad|duplicate|no) message id"
        r"|bare lf|(?:message|mail|email) format|malformed (?:message|mail|mime)"
        r"|multiple addresses in from|badly formatted",
    ),
    Rule(
        "english.protocol.command",
        Cause.PROTOCOL,
        "command|syntax|sequence|protocol|international|implemented|parameter|not supported|unsupported|ascii|utf",
        r"(?:command|parameter)s? (?:\w{1,24} ){0,2}(?:not|unrecogni|reject|unknown|is)"
        r"|not implemented|unrecogni[sz]ed command|unknown command|syntax error|bad sequence"
        r"|sequence of commands|protocol (?:error|violation)|smtputf8|utf ?8"
        r"|internationali[sz]ed|not supported|unsupported|non ascii",
    ),
    Rule(
        "english.busy.delivery",
        Cause.BUSY,
        "configuration|open|create|append|command|exit status|unknown error|exception|mailer|i o |input output",
        r"configuration (?:error|problem)|(?:cannot|cant|could not|couldnt|unable to"
        r"|failed to) (?:open|create|append)|command (?:died|failed|output)|exit status"
        r"|unknown error|exception|mailer (?:error|failed)|\b(?:i o|input output) error",
    ),
)
