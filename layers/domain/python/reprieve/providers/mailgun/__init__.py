"""Mailgun as the upstream provider: its suppression lists, and its webhooks."""
