"""The published contract: OpenAPI documents, the pages that show them, and llms.txt."""
