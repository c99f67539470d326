"""Reprieve's own wire format."""
