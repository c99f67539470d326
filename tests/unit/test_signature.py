"""Signature Version 4: AWS's published vectors of posts to `/`, and botocore's signer for any other post."""

from __future__ import annotations

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from reprieve.store.signature import Credentials, authorization

#: of the suite "aws-signing-test-suite/v4" in awslabs/aws-c-auth (Apache-2.0), the posts to `/` without a query: name,
#: the signed headers beside host and date, the body, and the signature
SUITE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")
MOMENT = "20150830T123600Z"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
    "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXA"
    "kiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = {
    "content-length": "13",
    "content-type": "application/x-www-form-urlencoded",
    "x-amz-content-sha256": "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
}
VECTORS = [
    ("post-vanilla", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    (
        "post-header-key-sort",
        {"my-header1": "value1"},
        b"",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    (
        "post-header-value-case",
        {"my-header1": "VALUE1"},
        b"",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "post-sts-header-before",
        {"x-amz-security-token": TOKEN},
        b"",
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
    (
        "post-x-www-form-urlencoded",
        FORM,
        b"Param1=value1",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    ),
    (
        "post-x-www-form-urlencoded-parameters",
        FORM | {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
        b"Param1=value1",
        "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    ),
]


@pytest.mark.parametrize(("name", "more", "body", "signature"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_a_published_vector_is_signed_as_published(
    name: str, more: dict[str, str], body: bytes, signature: str
) -> None:
    headers = dict(sorted({"host": "example.amazonaws.com", "x-amz-date": MOMENT, **more}.items()))
    assert authorization(SUITE, "us-east-1", "service", headers, body) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={';'.join(headers)}, Signature={signature}"
    ), name


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    st.tuples(words, words, words | st.just("")),
    st.sampled_from(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
    st.datetimes().map(lambda moment: moment.strftime("%Y").zfill(4) + moment.strftime("%m%dT%H%M%SZ")),
    st.sampled_from(["GetItem", "BatchExecuteStatement"]),
    st.binary(max_size=2_000),
)
def test_any_request_is_signed_as_botocore_signs_it(
    names: tuple[str, str, str], region: str, moment: str, operation: str, body: bytes
) -> None:
    credentials = Credentials(*names)
    host = f"dynamodb.{region}.amazonaws.com"
    sent = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
    signed = dict(
        sorted(
            {
                **sent,
                "host": host,
                "x-amz-date": moment,
                **({"x-amz-security-token": credentials.token} if credentials.token else {}),
            }.items()
        )
    )
    request = AWSRequest("POST", f"https://{host}/", headers={**sent, "X-Amz-Date": moment}, data=body)
    request.context["timestamp"] = moment
    if credentials.token:
        request.headers["X-Amz-Security-Token"] = credentials.token
    theirs = SigV4Auth(BotocoreCredentials(*names), "dynamodb", region)
    text = theirs.string_to_sign(request, theirs.canonical_request(request))
    scope = f"{names[0]}/{moment[:8]}/{region}/dynamodb/aws4_request"
    assert authorization(credentials, region, "dynamodb", signed, body) == (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(signed)}, "
        f"Signature={theirs.signature(text, request)}"
    )


@given(
    st.text(st.sampled_from("abcXYZ019-_"), min_size=1, max_size=64),
    st.sampled_from(["", "Qualifier=live", "Qualifier=v1_2-3"]),
    st.binary(max_size=200),
)
def test_a_post_to_a_path_with_a_query_is_signed_as_botocore_signs_it(name: str, query: str, body: bytes) -> None:
    path, host = f"/2015-03-31/functions/{name}/invocations", "lambda.eu-west-1.amazonaws.com"
    sent = {"content-type": "application/json", "x-amz-invocation-type": "Event"}
    signed = dict(sorted({**sent, "host": host, "x-amz-date": MOMENT}.items()))
    request = AWSRequest(
        "POST", f"https://{host}{path}{query and '?' + query}", headers={**sent, "X-Amz-Date": MOMENT}, data=body
    )
    request.context["timestamp"] = MOMENT
    theirs = SigV4Auth(BotocoreCredentials("AKIA", "secret"), "lambda", "eu-west-1")
    signature = theirs.signature(theirs.string_to_sign(request, theirs.canonical_request(request)), request)
    ours = authorization(Credentials("AKIA", "secret", ""), "eu-west-1", "lambda", signed, body, path=path, query=query)
    assert ours.rpartition("Signature=")[2] == signature


def test_a_secret_and_a_session_token_are_not_shown() -> None:
    assert repr(Credentials("AKIA", "secret", "token")) == "Credentials(key_id='AKIA')"
