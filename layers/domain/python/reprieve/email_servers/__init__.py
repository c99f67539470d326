"""An organization's own SMTP servers."""
