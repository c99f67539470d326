"""/console: pages for people. Whatever they change, they change by the verbs of the APIs."""

from reprieve.console import addresses, deliverability, edge, holds, lists, log, many, sign_in
from reprieve.runtime import settings

settings.require("SECRETS_KEY")
#: the modules with the routes, which they register when they are loaded
PAGES = (sign_in, addresses, lists, holds, log, many, deliverability)
handler = edge.handler
