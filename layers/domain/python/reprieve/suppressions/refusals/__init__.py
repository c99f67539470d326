"""The meaning of refusals of mail: reading a text, and the tables of rules that judge it."""
