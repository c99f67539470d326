"""Requests of OAuth's endpoints: parameters, each at most once, of a form or the query; a client's id and secret."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote_plus

from reprieve.access.oauth import ClientSecret, GrantError, GrantRefused
from reprieve.dialects import form_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.dialects.exchange import Request

FORM: Final = "application/x-www-form-urlencoded"
#: an assertion and all of a deployment's scopes are less than half of it
MAX_BODY: Final = 16_384
MAX_PARAMETERS: Final = 20
#: the longest `Authorization: Basic`, in characters
MAX_BASIC: Final = 1_024


def parameters(request: Request, *, in_parts: bool = False) -> dict[str, str]:
    """The parameters of a request, without those that have no value (RFC 6749 section 3.2).

    They are those of a form, and of the query, where Okta's Go SDK and some clients of Zoho's put them.

    Args:
        request: the request.
        in_parts: whether the form may be multipart/form-data, too.

    Raises:
        GrantRefused: the body is not a form, too large, or a parameter occurs twice.
    """
    query = [(name, value) for name, values in request.query.items() for value in values]
    pairs = [*query, *(_form(request, in_parts=in_parts) if request.body else ())]
    if len(pairs) > MAX_PARAMETERS:
        raise _invalid("The form cannot be read.")
    if len({name for name, _ in pairs}) != len(pairs):
        raise _invalid("A parameter occurs more than once.")
    return {name: value for name, value in pairs if value}


def _form(request: Request, *, in_parts: bool) -> list[tuple[str, str]]:
    if len(request.body) > MAX_BODY:
        raise _invalid(f"The request is larger than {MAX_BODY} bytes.")
    kind = request.headers.get("content-type", "")
    try:
        text = request.body.decode("ascii")
        if in_parts and form_data.is_in_parts(kind):
            return form_data.of_parts(kind, request.body)
        if kind.partition(";")[0].strip().lower() == FORM:
            return parse_qsl(text, errors="strict", max_num_fields=MAX_PARAMETERS, keep_blank_values=True)
    except ValueError:
        raise _invalid("The form cannot be read.") from None
    raise _invalid(f"The Content-Type must be {FORM}.")


def client_secret(request: Request, form: Mapping[str, str]) -> ClientSecret | None:
    """A client's id and secret, by HTTP Basic or in the form (RFC 6749 section 2.3.1); None if there is no secret.

    Raises:
        GrantRefused: both ways are used, or the header cannot be read.
    """
    header = request.headers.get("authorization", "").strip()
    if not header:
        return ClientSecret(form.get("client_id", ""), form["client_secret"]) if "client_secret" in form else None
    if "client_secret" in form:
        raise _invalid("A client must authenticate in one way only.")
    found = _basic(header)
    if found is None:
        raise GrantRefused(
            GrantError.INVALID_CLIENT, "The Authorization header must be Basic, with an id and a secret."
        )
    if form.get("client_id", found.client_id) != found.client_id:
        raise _invalid("The client_id differs from that in the Authorization header.")
    return found


def _basic(header: str) -> ClientSecret | None:
    scheme, _, encoded = header[:MAX_BASIC].partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        return None
    return ClientSecret(unquote_plus(client_id), unquote_plus(secret))


def _invalid(description: str) -> GrantRefused:
    return GrantRefused(GrantError.INVALID_REQUEST, description)
