"""Amazon DynamoDB."""

from agno.db.dynamo.dynamo import DynamoDb

__all__ = ["DynamoDb"]
