"""Scan the template with checkov, as a part of `make lint`: every finding is repaired, or kept for a reason.

Checkov reads the template after SAM's translation, because it does not follow YAML's merge keys, and because that is
what is deployed. A finding that is not in KEPT fails, and so does a reason without a finding.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from local.place import ROOT
from local.translate import translate

CHECKOV: Final = ROOT / ".local" / "lint" / "bin" / "checkov"

#: a finding: the id of the check, and the resource
Finding = tuple[str, str]

#: what stays: check and resources (a pattern) -> why
KEPT: Final[Mapping[Finding, str]] = {
    ("CKV_AWS_26", "AWS::SNS::Topic.AlarmEmails"): (
        "CloudWatch cannot publish to a topic under AWS's own key, and an alarm's text holds neither address nor secret"
    ),
    ("CKV_AWS_26", "AWS::SNS::Topic.SesTopic"): (
        "SES publishes to an encrypted topic only if its key lets it in, and nothing stays there once delivered"
    ),
    ("CKV_AWS_27", "AWS::SQS::Queue.*"): "it is encrypted: by SQS's own keys (SqsManagedSseEnabled)",
    ("CKV_AWS_73", "AWS::ApiGateway::Stage.*"): "a trace of an API holds URLs, and with them addresses",
    (
        "CKV_AWS_76",
        "AWS::ApiGateway::Stage.*",
    ): "the parameter AccessLogs; an account without a log role cannot deploy it",
    ("CKV_AWS_115", "AWS::Lambda::Function.*"): "a new account has no concurrency to reserve (decision 12)",
    ("CKV_AWS_116", "AWS::Lambda::Function.*"): (
        "APIs call synchronously, without dead letters; the scheduled functions have OnFailure instead"
    ),
    ("CKV_AWS_119", "AWS::DynamoDB::Table.*"): (
        "encrypted under AWS's key for DynamoDB; the secrets within are sealed under a key of the stack's own"
    ),
    ("CKV_AWS_120", "AWS::ApiGateway::Stage.*"): "a cached answer would show a suppression that was lifted",
    (
        "CKV_AWS_158",
        "AWS::Logs::LogGroup.*",
    ): "encrypted under AWS's key for logs; a line holds neither address nor secret",
    ("CKV_AWS_173", "AWS::Lambda::Function.*"): "the variables hold names and limits, no secret",
}


def main() -> None:
    """Exit 1 with a line for each finding that is not kept, and for each reason without a finding."""
    found = findings()
    problems = [
        f"{check} {resource}: repair it, or say in local/scan.py why it stays" for check, resource in new(found)
    ]
    problems += [f"{check} {pattern}: nothing is found any more; remove its reason" for check, pattern in stale(found)]
    if problems:
        sys.exit("\n".join(problems))
    print(f"checkov: {len(found)} findings, each kept for one of {len(KEPT)} reasons (local/scan.py)")


def new(found: Iterable[Finding]) -> list[Finding]:
    """The findings without a reason."""
    return [one for one in found if not any(covers(kept, one) for kept in KEPT)]


def stale(found: Iterable[Finding]) -> list[Finding]:
    """The reasons without a finding."""
    return [kept for kept in KEPT if not any(covers(kept, one) for one in found)]


def covers(kept: Finding, one: Finding) -> bool:
    """Whether a reason is for a finding."""
    return kept[0] == one[0] and fnmatchcase(one[1], kept[1])


def findings() -> list[Finding]:
    """What checkov finds in the translated template.

    Raises:
        SystemExit: checkov could not read it, or is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(translate()), encoding="utf-8")
        command = [str(CHECKOV), f"--file={path}", "--framework=cloudformation", "--skip-download", "--output=json"]
        environment = {**os.environ, "LOG_LEVEL": "ERROR"}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    try:
        report = json.loads(ran.stdout)
        unread, failed = report["summary"]["parsing_errors"], report["results"]["failed_checks"]
    except (ValueError, KeyError):
        sys.exit(f"checkov said nothing that can be read:\n{ran.stderr}{ran.stdout}")
    if unread:
        sys.exit(f"checkov could not read the template:\n{ran.stderr}")
    return [(one["check_id"], one["resource"]) for one in failed]


if __name__ == "__main__":
    main()
