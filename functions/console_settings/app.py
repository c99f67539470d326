"""/console: the pages of what an organization has set. Whatever they change, they change by the verbs of the APIs."""

from reprieve.console import edge, email_servers, hooks, policy, status
from reprieve.runtime import settings

settings.require(*settings.MAIL, "EVENT_BUS")
#: the modules with the routes, which they register when they are loaded
PAGES = (email_servers, hooks, policy, status)
handler = edge.settings
