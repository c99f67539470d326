"""The edges of the console: a module per kind of page, each of which reads like a table of contents."""
