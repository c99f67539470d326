"""The guarded SMTP client."""
