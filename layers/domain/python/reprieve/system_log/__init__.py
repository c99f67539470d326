"""The system log: its entries, its filter language, and its queries."""
