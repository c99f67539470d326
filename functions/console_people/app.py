"""/console: who and what may act for an organization. Whatever it changes, it changes by the verbs of the APIs."""

from reprieve.console import edge, people

#: the modules with the routes, which they register when they are loaded
PAGES = (people,)
handler = edge.people
