"""What refusals of mail mean: how a text is read, and the tables of rules that judge it."""
