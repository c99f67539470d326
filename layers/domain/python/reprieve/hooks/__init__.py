"""Hooks: an organization's own systems hear of every change."""
