"""Reprieve: why an address is not mailed, and how it is mailed again."""
