"""The people and records that an organization mails: Okta's users and Zoho's records."""
