"""Buckets and objects of S3."""

from agno.cloud.aws.s3.api_client import AwsApiClient
from agno.cloud.aws.s3.bucket import S3Bucket
from agno.cloud.aws.s3.object import S3Object

__all__ = ["AwsApiClient", "S3Bucket", "S3Object"]
