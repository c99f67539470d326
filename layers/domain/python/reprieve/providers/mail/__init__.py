"""Mail that reports on other mail, as a source of delivery events."""
