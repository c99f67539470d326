"""Removals: requests that suppressions be lifted, from the acknowledgement to the end."""
