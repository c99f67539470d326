"""The suppression lists: what puts an address on them, and how they are listed."""
