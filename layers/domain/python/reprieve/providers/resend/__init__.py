"""Resend as the upstream provider: its suppression list, and its webhook."""
