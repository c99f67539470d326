"""The network: bounded connections, guarded addresses, one bounded HTTP exchange."""
