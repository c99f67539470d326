"""The dialects that are served, in the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.dialects.console.dialect import DIALECT as CONSOLE
from reprieve.dialects.okta.dialect import DIALECT as OKTA
from reprieve.dialects.okta.tokens import TOKENS as OKTA_TOKENS
from reprieve.dialects.reprieve.dialect import DIALECT as REPRIEVE
from reprieve.dialects.sendgrid.dialect import DIALECT as SENDGRID
from reprieve.dialects.zoho.dialect import DIALECT as ZOHO
from reprieve.dialects.zoho.tokens import TOKENS as ZOHO_TOKENS

if TYPE_CHECKING:
    from reprieve.dialects.dialect import Dialect

#: what programs speak, and what is published for them
FOR_PROGRAMS: Final[tuple[Dialect, ...]] = (OKTA, SENDGRID, ZOHO, REPRIEVE)
#: all of them: the console is for people
DIALECTS: Final[tuple[Dialect, ...]] = (*FOR_PROGRAMS, CONSOLE)
#: the token endpoints: an API or a stage of its own each, in its vendor's dialect but for OAuth's form of errors
TOKEN_ENDPOINTS: Final[tuple[Dialect, ...]] = (OKTA_TOKENS, ZOHO_TOKENS)
