"""Postmark as the upstream provider: the suppressions of a message stream, and its webhooks."""
