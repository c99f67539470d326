"""The Lambda side: requests, settings, metrics, and the wiring of the adapters."""
