"""Why an address is not mailed."""
