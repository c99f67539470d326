"""What a Lambda function needs around the domain."""
