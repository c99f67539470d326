"""Use cases: one verb a function, over ports only."""
