"""How the command finds the stack that it works on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from reprieve.runtime import wiring
from reprieve_cli import stack as stacks
from reprieve_cli.main import main
from reprieve_cli.stack import APIS, LOCAL, StackNotFound, connect
from tests.cli.running import Ran, deploy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Ran]

LOCAL_SETTINGS = {
    "endpoint_url": "http://127.0.0.1:4566",
    "region": "us-east-1",
    "access_key_id": "local-id",
    "secret_access_key": "local-secret",
}


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the settings of a local stack, and the process in a folder of it."""
    (tmp_path / LOCAL).parent.mkdir()
    (tmp_path / LOCAL).write_text(json.dumps(LOCAL_SETTINGS))
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    return tmp_path


def refuse_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def client(_service: str) -> object:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:4566")

    monkeypatch.setattr(wiring, "client", client)


def test_the_outputs_of_the_stack_become_the_settings_of_the_runtime(stack: dict[str, str]) -> None:
    connect()
    assert os.environ["ACCESS_TABLE"] == stack["AccessTable"]
    assert os.environ["SECRETS_KEY"] == stack["SecretsKey"]
    assert os.environ["DEAD_LETTER_QUEUE_URL"] == stack["DeadLetterQueueUrl"]


def test_a_base_url_in_aws_is_the_stacks_own(stack: dict[str, str]) -> None:
    assert connect().base_url("okta") == "https://okta1.execute-api.eu-west-1.amazonaws.com"


def test_a_base_url_is_the_domain_name_where_the_stack_has_one(stack: dict[str, str]) -> None:
    found = connect()
    own = type(found)(found.name, found.region, None, {**found.outputs, "OktaApi": "https://api.example.com"})
    assert own.base_url("okta") == "https://api.example.com"


def test_every_base_url_on_the_local_stack_is_its_endpoint(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = connect()
    local = type(found)(found.name, found.region, "http://127.0.0.1:4566", found.outputs)
    assert [local.base_url(dialect) for dialect in APIS] == ["http://127.0.0.1:4566"] * len(APIS)


def test_a_stack_that_is_not_there_is_named(run: Run, stack: dict[str, str]) -> None:
    assert run("--stack", "nowhere", "organizations", "list") == Ran(
        1, "", "Error: no stack nowhere in eu-west-1: deploy it, or name another with --stack\n"
    )


def test_a_stack_of_somebody_else_is_refused(run: Run) -> None:
    deploy("shop", {"Website": "https://shop.example"})
    assert run("--stack", "shop", "organizations", "list") == Ran(
        1, "", "Error: the stack shop has no output AccessTable: it is not Reprieve's, or is too old\n"
    )


def test_the_environment_names_the_stack_as_well(
    run: Run, stack: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRIEVE_STACK", "nowhere")
    assert run("organizations", "list").code == 1
    monkeypatch.setenv("REPRIEVE_STACK", "reprieve")
    assert run("organizations", "list").code == 0


def test_the_local_stack_is_found_from_any_folder_of_the_clone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://elsewhere.example")
    refuse_connections(monkeypatch)
    with pytest.raises(StackNotFound):
        connect(local=True)
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local-id"
    assert os.environ["AWS_DEFAULT_REGION"] == "us-east-1"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"} & os.environ.keys()


def test_a_local_stack_that_does_not_answer_is_to_be_started(
    run: Run, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_connections(monkeypatch)
    assert run("--local", "status") == Ran(1, "", "Error: the local stack does not answer; start it with `make run`\n")


def test_without_a_local_stack_its_option_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stacks, "CHECKOUT", tmp_path / "clone")
    monkeypatch.setenv("REPRIEVE_LOCAL", "1")
    where = f"here, above or in {tmp_path / 'clone'}"
    assert run("status") == Ran(1, "", f"Error: no .local/aws.json {where}: start the local stack with `make run`\n")


def test_the_local_stack_of_the_commands_own_checkout_is_found_from_any_folder(
    clone: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (stacks.CHECKOUT / "cli" / "reprieve_cli" / "stack.py").is_file()
    monkeypatch.setattr(stacks, "CHECKOUT", clone)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    refuse_connections(monkeypatch)
    with pytest.raises(StackNotFound, match="does not answer"):
        connect(local=True)
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("region", "default", "chosen"),
    [("eu-west-1", "us-east-1", "eu-west-1"), ("eu-west-1", None, "eu-west-1"), ("", "eu-west-1", "eu-west-1")],
)
def test_the_region_is_aws_region_and_else_the_default_region(
    stack: dict[str, str], monkeypatch: pytest.MonkeyPatch, region: str, default: str | None, chosen: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    if default is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", default)
    connect()
    assert os.environ["AWS_DEFAULT_REGION"] == chosen


def test_an_empty_region_is_answered_in_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(wiring, "client", lambda service: boto3.Session().client(service))
    assert run("status") == Ran(1, "", "Error: AWS: You must specify a region.\n")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"region": "us-east-1"}'])
def test_damaged_settings_of_the_local_stack_are_told_in_one_line(run: Run, clone: Path, content: str) -> None:
    (clone / LOCAL).write_text(content)
    assert run("--local", "status") == Ran(
        1, "", "Error: .local/aws.json cannot be read: restart the local stack with `make run`\n"
    )


def test_without_credentials_the_command_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_connections(monkeypatch)
    assert run("status") == Ran(1, "", 'Error: AWS: Could not connect to the endpoint URL: "http://127.0.0.1:4566"\n')


def test_nothing_is_connected_to_for_help(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_connections(monkeypatch)
    result = CliRunner().invoke(main, ["organizations", "create", "--help"])
    assert result.exit_code == 0
