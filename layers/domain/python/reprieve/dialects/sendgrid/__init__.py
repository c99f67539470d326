"""SendGrid's wire format."""
