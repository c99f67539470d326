"""Deploy the template to a local AWS with the SAM CLI if its sources have changed."""

from typing import Any

import boto3
from botocore.config import Config

from local.build import BUILD, build_if_changed, fingerprint, sam
from local.place import REGION, ROOT, STACK_NAME, Place

TEMPLATE = ROOT / "template.yaml"


def deploy_if_changed(place: Place) -> str:
    """Deploy the sources to a running local AWS, unless `deployed` in its state names their fingerprint.

    The data of the stack is kept.

    Returns:
        The fingerprint that the caller writes to `deployed` once the state is saved.

    Raises:
        Problem: SAM could not build or deploy.
    """
    deployed = place.state / "deployed"
    if deployed.exists() and deployed.read_text().strip() == (wanted := fingerprint()):
        return wanted
    built = build_if_changed(place)
    sam(place, "deploy", f"--template-file={BUILD / 'template.yaml'}", otherwise="The template could not be deployed")
    put_gateway_responses(place)
    return built


def put_gateway_responses(place: Place) -> None:
    """Put the answers that the gateway gives by itself, in the words of each API.

    AWS takes them from the API's definition. The local AWS ignores them there, so they are put one by one, and a new
    deployment of the stage makes them take effect.
    """
    from samcli.yamlhelper import yaml_parse  # noqa: PLC0415 - takes half a second, which a start without changes saves

    gateway = client(place, "apigateway")
    apis = api_ids(place)
    for name, resource in yaml_parse(TEMPLATE.read_text())["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Api":
            continue
        for response_type, response in resource["Properties"].get("GatewayResponses", {}).items():
            gateway.put_gateway_response(**gateway_response(apis[name], response_type, response))
        gateway.create_deployment(restApiId=apis[name], stageName=resource["Properties"]["StageName"])


def gateway_response(api: str, response_type: str, response: dict[str, Any]) -> dict[str, Any]:
    """The arguments of API Gateway's call for a gateway response in SAM's form."""
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
    """The ids of the stack's APIs by their names in the template."""
    return _names(place, "AWS::ApiGateway::RestApi")


def function_names(place: Place) -> dict[str, str]:
    """The names of the stack's functions by their names in the template."""
    return _names(place, "AWS::Lambda::Function")


def _names(place: Place, kind: str) -> dict[str, str]:
    pages = client(place, "cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == kind
    }


def outputs(place: Place) -> dict[str, str]:
    """The outputs of the deployed stack."""
    (stack,) = client(place, "cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def client(place: Place, service: str) -> Any:  # noqa: ANN401 - boto3 creates the types of its clients at run time
    """A boto3 client of one service of the local AWS."""
    return boto3.client(
        service,  # type: ignore[call-overload]  # it wants a literal
        endpoint_url=place.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - what the local AWS calls its root user
        # On this machine a call that fails once fails again; a retry would only hide that the local AWS has stopped.
        config=Config(retries={"total_max_attempts": 1}),
    )
