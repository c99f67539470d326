"""Build the real template with the real SAM CLI and deploy it to a local AWS, when anything has changed."""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse

from local.console import run_tool
from local.lock_file import take_lock
from local.place import REGION, ROOT, STACK_NAME, VENV_BIN, Place, tool_environment

BUILD = ROOT / ".local" / "build"
CACHE = ROOT / ".local" / "cache"
TEMPLATE = ROOT / "template.yaml"

#: A deployment depends on these and on nothing else.
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "requirements/dev.txt", "local/deploy.py")


def deploy_if_changed(place: Place) -> str:
    """Bring the stack of a running local AWS up to the sources, unless `deployed` in its state says that it is.

    The data of the stack stays. An API that changed gets a new id, and with it a new base URL.

    Returns:
        What the caller is to write to `deployed` once the state is saved.

    Raises:
        Problem: SAM could not build or deploy.
    """
    wanted = fingerprint()
    deployed = place.state / "deployed"
    if deployed.exists() and deployed.read_text().strip() == wanted:
        return wanted
    # Tests and `make run` share what was built, so that neither builds what the other has.
    with take_lock(ROOT / ".local" / "build.lock", seconds=600, otherwise="Another build has not ended in ten minutes."):
        build_if_changed(place, wanted)
        sam_deploy(place)
    with_gateway_responses(place)
    return wanted


def build_if_changed(place: Place, wanted: str) -> None:
    """Leave in BUILD what SAM makes of the sources."""
    stamp = BUILD / "fingerprint"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    sam(
        place,
        "build",
        f"--build-dir={BUILD}",
        f"--cache-dir={CACHE}",
        otherwise="The functions could not be built",
    )
    stamp.write_text(wanted)


def sam_deploy(place: Place) -> None:
    """Have SAM bring the stack up to what was built."""
    sam(place, "deploy", f"--template-file={BUILD / 'template.yaml'}", otherwise="The template could not be deployed")


def sam(place: Place, verb: str, *options: str, otherwise: str) -> None:
    """Run one SAM command with samconfig.toml's `local` settings and this machine's Python and processor."""
    run_tool(
        [
            str(VENV_BIN / "sam"),
            verb,
            f"--config-file={ROOT / 'samconfig.toml'}",
            "--config-env=local",
            *options,
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in host_parameters().items()),
        ],
        log=place.logs / f"sam-{verb}.log",
        environment=tool_environment(place),
        otherwise=otherwise,
    )


def host_parameters() -> dict[str, str]:
    """The template's parameters that the machine decides: its Python runs the functions, on its processor."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def fingerprint() -> str:
    """A digest of everything that a deployment depends on."""
    digest = hashlib.sha256(json.dumps(host_parameters()).encode())
    for file in source_files():
        digest.update(f"\0{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def source_files() -> Iterator[Path]:
    """The files behind SOURCES, in a fixed order, without what Python leaves beside them."""
    for source in SOURCES:
        path = ROOT / source
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def with_gateway_responses(place: Place) -> None:
    """Give each API its own words for the gateway's own answers.

    AWS takes them from the API's definition. The local AWS overlooks them there, so they are put one by one, and a new
    deployment of the stage makes them count.
    """
    gateway = client(place, "apigateway")
    apis = api_ids(place)
    for name, resource in yaml_parse(TEMPLATE.read_text())["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Api":
            continue
        for response_type, response in resource["Properties"].get("GatewayResponses", {}).items():
            gateway.put_gateway_response(**gateway_response(apis[name], response_type, response))
        gateway.create_deployment(restApiId=apis[name], stageName=resource["Properties"]["StageName"])


def gateway_response(api: str, response_type: str, response: dict[str, Any]) -> dict[str, Any]:
    """SAM's form of a gateway response as API Gateway's own."""
    headers = response.get("ResponseParameters", {}).get("Headers", {})
    wanted: dict[str, Any] = {
        "restApiId": api,
        "responseType": response_type,
        "responseTemplates": dict(response.get("ResponseTemplates", {})),
        "responseParameters": {f"gatewayresponse.header.{name}": value for name, value in headers.items()},
    }
    if "StatusCode" in response:
        wanted["statusCode"] = str(response["StatusCode"])
    return wanted


def api_ids(place: Place) -> dict[str, str]:
    """The stack's APIs: their names in the template, and their ids."""
    pages = client(place, "cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::ApiGateway::RestApi"
    }


def outputs(place: Place) -> dict[str, str]:
    """The outputs of the deployed stack."""
    (stack,) = client(place, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def client(place: Place, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
    """A boto3 client of one service of the local AWS."""
    return boto3.client(
        service,  # type: ignore[call-overload]  # it wants a literal
        endpoint_url=place.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - what the local AWS calls its root user
    )
