"""What went wrong, said to a person."""


class Problem(Exception):
    """A reason why the local stack cannot go on: one sentence that says what to do about it."""
