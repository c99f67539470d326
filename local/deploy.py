"""Deploy the real template with the real SAM CLI to a local AWS, when anything has changed."""

from typing import Any

import boto3
from botocore.config import Config

from local.build import BUILD, build_if_changed, fingerprint, sam
from local.place import REGION, ROOT, STACK_NAME, Place

TEMPLATE = ROOT / "template.yaml"


def deploy_if_changed(place: Place) -> str:
    """Bring the stack of a running local AWS up to the sources, unless `deployed` in its state says that it is.

    The data of the stack stays.

    Returns:
        What the caller is to write to `deployed` once the state is saved.

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
    """Give each API its own words for the gateway's own answers.

    AWS takes them from the API's definition. The local AWS overlooks them there, so they are put one by one, and a new
    deployment of the stage makes them count.
    """
    from samcli.yamlhelper import yaml_parse  # noqa: PLC0415 - half a second that a start without changes can do without

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
        # On this machine a call that fails once fails again; waiting would only hide that the local AWS is gone.
        config=Config(retries={"total_max_attempts": 1}),
    )
