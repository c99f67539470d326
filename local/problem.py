"""Errors of the local stack for its user."""


class Problem(Exception):
    """A reason why the local stack cannot go on: one sentence that says what to do about it."""
