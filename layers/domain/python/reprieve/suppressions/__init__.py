"""Suppressions: what providers report, how it is judged, and the lists that it makes."""
