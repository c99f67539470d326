"""Who may call, and for which organization: organizations, credentials, provider accounts, quotas."""
