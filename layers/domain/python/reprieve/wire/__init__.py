"""The dialects: what callers send and what they are told."""
