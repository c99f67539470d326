"""SendGrid as the upstream provider: its suppression lists, and its event webhook."""
