"""DynamoDB: keys, items and one method per access pattern."""
