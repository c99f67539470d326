"""Organizations as files: everything of one, out of a stack and into another."""
