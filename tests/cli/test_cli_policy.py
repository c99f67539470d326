"""What the operator's policy allows; every other test of the command runs under it."""

from __future__ import annotations

import click
import pytest

from reprieve.runtime import wiring
from reprieve_cli.main import main
from tests.cli.running import commands_of
from tests.support import operator_policy
from tests.support.dynamodb import Client


def test_the_policy_has_no_action_beyond_those_that_the_command_needs() -> None:
    actions = [action for one in operator_policy.statements() for action in operator_policy.listed(one["Action"])]
    assert sorted(set(actions)) == [
        "cloudformation:DescribeStacks",
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PartiQLInsert",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "events:PutEvents",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "logs:FilterLogEvents",
        "ses:CreateConfigurationSet",
        "ses:CreateConfigurationSetEventDestination",
        "ses:GetConfigurationSet",
        "ses:GetConfigurationSetEventDestinations",
        "ses:ListSuppressedDestinations",
        "ses:SendEmail",
        "ses:UpdateConfigurationSetEventDestination",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ]
    wide = [one["Action"] for one in operator_policy.statements() if one["Resource"] == "*"]
    assert wide == ["ses:ListSuppressedDestinations"]


def test_the_reference_names_every_command_that_needs_something_and_every_action_of_the_policy() -> None:
    documented = operator_policy.documented()
    assert set().union(*documented.values()) == {
        action for one in operator_policy.statements() for action in operator_policy.listed(one["Action"])
    }
    commands = {
        f"{name} {sub}" if isinstance(command, click.Group) else name
        for name, command in commands_of(main).items()
        for sub in getattr(command, "commands", {"": None})
    }
    assert commands - set(documented) == {"credentials scopes"}
    assert set(documented) <= commands


def test_a_call_that_the_policy_does_not_allow_fails_a_test() -> None:
    with operator_policy.enforced():
        with pytest.raises(AssertionError, match="lacks sqs:PurgeQueue"):
            wiring.client("sqs").purge_queue(QueueUrl="dead-letters")
        with pytest.raises(AssertionError, match="lacks dynamodb:TransactItem on Recipients"):
            Client._do(wiring.client("dynamodb"), "TransactItem", {"TableName": "Recipients"}, dict)
