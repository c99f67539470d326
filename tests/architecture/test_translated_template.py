"""What SAM makes of the template: some of what matters on AWS is in no line of template.yaml."""

from __future__ import annotations

from collections import Counter

from tests.support.translated import resources

ANY = "x-amazon-apigateway-any-method"
APIS = {"OktaApi", "SendGridApi", "ZohoApi", "ReprieveApi"}


def test_each_path_has_one_method_and_one_permission() -> None:
    paths = [(api, path) for api, it in resources("AWS::ApiGateway::RestApi").items() for path in it["Body"]["paths"]]
    for api, path in paths:
        assert list(resources("AWS::ApiGateway::RestApi")[api]["Body"]["paths"][path]) == [ANY]
    asked = Counter(
        (it["SourceArn"]["Fn::Sub"][1]["__ApiId__"]["Ref"], "authorizers" in it["SourceArn"]["Fn::Sub"][0])
        for it in resources("AWS::Lambda::Permission").values()
    )
    assert asked == Counter((api, False) for api, _ in paths) + Counter((api, True) for api in APIS)


def test_no_api_has_two_variables_beside_each_other() -> None:
    """API Gateway refuses to deploy an API that does."""
    for api, it in resources("AWS::ApiGateway::RestApi").items():
        variables: dict[str, set[str]] = {}
        for path in it["Body"]["paths"]:
            parts = path.strip("/").split("/")
            for depth, part in enumerate(parts):
                if part.startswith("{"):
                    variables.setdefault("/".join(parts[:depth]), set()).add(part)
        assert {parent: found for parent, found in variables.items() if len(found) > 1} == {}, api
