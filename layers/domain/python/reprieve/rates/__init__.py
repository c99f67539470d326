"""How much of an organization's mail bounces or is reported as spam, against the limits of its providers."""
