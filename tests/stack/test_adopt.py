"""A stack is deleted, and another one adopts what it left: on a local AWS of its own, with CloudFormation's import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.adopt import adoption, source
from local.ministack import MiniStack, free_port
from local.place import REGION, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RETAINED = {name: one for name, one in source()["Resources"].items() if one.get("DeletionPolicy") == "Retain"}
#: what a deployment adds to what was adopted; any other resource does
MORE = {"Topic": {"Type": "AWS::SNS::Topic"}}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Any]:
    """A function that makes clients of a local AWS without any stack."""
    place = Place(tmp_path, free_port())
    with MiniStack(place):
        yield lambda service: boto3.client(
            service,
            endpoint_url=place.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def named(cloudformation: Any, stack: str) -> dict[str, str]:
    found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


@pytest.mark.slow
def test_a_new_stack_adopts_the_tables_the_key_and_the_queue_of_a_deleted_one(aws: Any) -> None:
    cloudformation, dynamodb = aws("cloudformation"), aws("dynamodb")
    parts = {part: source()[part] for part in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
    body = json.dumps({**parts, "Resources": RETAINED})
    cloudformation.create_stack(StackName="old", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="old", WaiterConfig={"Delay": 1})
    existing = named(cloudformation, "old")
    item = {"partition": {"S": "acme"}, "sort": {"S": "organization"}, "kind": {"S": "organization"}}
    dynamodb.put_item(TableName=existing["Access"], Item=item)
    cloudformation.delete_stack(StackName="old")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="old", WaiterConfig={"Delay": 1})

    # what a stack has only by a parameter was not there
    template, resources = adoption(source(), dict.fromkeys(RETAINED, "") | existing)
    cloudformation.create_change_set(
        StackName="new",
        ChangeSetName="adopt",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        ResourcesToImport=resources,
    )
    names = {"StackName": "new", "ChangeSetName": "adopt"}
    cloudformation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    cloudformation.execute_change_set(**names)
    cloudformation.get_waiter("stack_import_complete").wait(StackName="new", WaiterConfig={"Delay": 1})
    assert named(cloudformation, "new") == existing

    whole = json.dumps({**parts, "Resources": {**RETAINED, **MORE}})
    cloudformation.update_stack(StackName="new", TemplateBody=whole)
    cloudformation.get_waiter("stack_update_complete").wait(StackName="new", WaiterConfig={"Delay": 1})
    after = named(cloudformation, "new")
    assert {name: after[name] for name in existing} == existing
    assert after.keys() == {*existing, *MORE}
    assert dynamodb.scan(TableName=after["Access"])["Items"] == [item]
