"""Okta's wire format."""
