"""The filter language of the system log."""
