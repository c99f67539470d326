"""What went wrong, said to a person."""


class Problem(Exception):  # noqa: N818 - it is raised to be read, not to be handled
    """A reason why the local stack cannot go on: one sentence that says what to do about it."""
