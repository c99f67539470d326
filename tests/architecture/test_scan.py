"""The scan of the template: a finding without a reason fails, and a reason without a finding."""

from __future__ import annotations

import pytest

from local import scan

QUEUE = ("CKV_AWS_27", "AWS::SQS::Queue.DeadLetters")
TABLE = ("CKV_AWS_119", "AWS::DynamoDB::Table.*")


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "KEPT", {QUEUE: "it is encrypted", TABLE: "encrypted under another key"})


def test_what_is_kept_for_a_reason_is_neither_new_nor_stale() -> None:
    found = [QUEUE, ("CKV_AWS_119", "AWS::DynamoDB::Table.Access"), ("CKV_AWS_119", "AWS::DynamoDB::Table.EventLog")]
    assert (scan.new(found), scan.stale(found)) == ([], [])


def test_a_finding_of_another_check_or_resource_is_new() -> None:
    found = [QUEUE, ("CKV_AWS_27", "AWS::SQS::Queue.Another"), ("CKV_AWS_28", "AWS::DynamoDB::Table.Access")]
    assert scan.new(found) == found[1:]


def test_a_reason_without_a_finding_is_stale() -> None:
    assert scan.stale([QUEUE]) == [TABLE]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([QUEUE], "CKV_AWS_119 AWS::DynamoDB::Table.*: nothing is found any more; remove its reason"),
        (
            [QUEUE, ("CKV_AWS_119", "AWS::DynamoDB::Table.Access"), ("CKV_AWS_7", "AWS::KMS::Key.SecretsKey")],
            "CKV_AWS_7 AWS::KMS::Key.SecretsKey: repair it, or say in local/scan.py why it stays",
        ),
    ],
)
def test_either_ends_the_scan_with_a_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, found: list[tuple[str, str]], said: str
) -> None:
    monkeypatch.setattr(scan, "findings", lambda: found)
    with pytest.raises(SystemExit) as ended:
        scan.main()
    assert ended.value.code == said
