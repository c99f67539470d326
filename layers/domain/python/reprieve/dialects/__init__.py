"""The vendors' wire formats, one folder each, and our own."""
