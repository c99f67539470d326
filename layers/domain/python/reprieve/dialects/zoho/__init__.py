"""Zoho CRM's wire format."""
