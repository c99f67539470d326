"""AWS's Signature Version 4 over a POST, which every call that is made here without boto3 is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request is signed with.

    Attributes:
        key_id: the access key's id.
        secret: its secret.
        token: the session's, which temporary credentials have; "" without one.
    """

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


def authorization(
    credentials: Credentials,
    region: str,
    service: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    path: str = "/",
    query: str = "",
) -> str:
    """The Authorization header of a POST.

    Args:
        credentials: who asks. Their token is not added: it is one of the headers.
        region: AWS's, for example `eu-west-1`.
        service: for example `dynamodb`.
        headers: every header to sign, by name in lower case and in alphabetical order, with `host` and `x-amz-date`
            (`20150830T123600Z`) among them; values without spaces at the ends or two in a row.
        body: as it is sent.
        path: of letters, digits, `-._~` and `/`, which a signature leaves as they are.
        query: as it is sent, one parameter at most.

    Source: "Create a signed AWS API request", IAM User Guide.
    """
    moment = headers["x-amz-date"]
    day = moment[:8]
    signed = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n{path}\n{query}\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = _mac(_signing_key(credentials.secret, day, region, service), text).hex()
    return f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={signed}, Signature={signature}"


@lru_cache(maxsize=2)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
