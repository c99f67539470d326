"""Amazon SES as an upstream provider."""
