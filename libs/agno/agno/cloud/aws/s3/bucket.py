"""A bucket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agno.cloud.aws.s3.api_client import AwsApiClient
from agno.cloud.aws.s3.object import S3Object


@dataclass
class S3Bucket:
    """A bucket by its name. The other fields are those of boto3's `create_bucket`, in snake case. boto3's errors travel."""

    name: str
    acl: str | None = None
    grant_full_control: str | None = None
    grant_read: str | None = None
    grant_read_acp: str | None = None
    grant_write: str | None = None
    grant_write_acp: str | None = None
    object_lock_enabled_for_bucket: bool | None = None
    object_ownership: str | None = None
    aws_client: AwsApiClient | None = field(default=None, repr=False, compare=False)

    @property
    def uri(self) -> str:
        """Such as "s3://bucket"."""
        return f"s3://{self.name}"

    def get_resource(self, aws_client: AwsApiClient | None = None) -> Any:
        """boto3's bucket."""
        return self._client(aws_client).resource("s3").Bucket(self.name)

    def get_objects(self, prefix: str | None = None, aws_client: AwsApiClient | None = None) -> list[S3Object]:
        """The objects whose names begin with the prefix, or all."""
        found = self.get_resource(aws_client).objects.filter(**({"Prefix": prefix} if prefix else {}))
        client = aws_client or self.aws_client
        return [S3Object(self.name, one.key, client) for one in found]

    def create(self, aws_client: AwsApiClient | None = None) -> bool:
        """Make the bucket in the client's region. True once it is there."""
        client = self._client(aws_client).client("s3")
        region = client.meta.region_name
        settings: dict[str, Any] = {
            "ACL": self.acl,
            "GrantFullControl": self.grant_full_control,
            "GrantRead": self.grant_read,
            "GrantReadACP": self.grant_read_acp,
            "GrantWrite": self.grant_write,
            "GrantWriteACP": self.grant_write_acp,
            "ObjectLockEnabledForBucket": self.object_lock_enabled_for_bucket,
            "ObjectOwnership": self.object_ownership,
            # us-east-1 is where buckets are made if none is given, and may not be given
            "CreateBucketConfiguration": {"LocationConstraint": region} if region not in (None, "us-east-1") else None,
        }
        client.create_bucket(Bucket=self.name, **{key: value for key, value in settings.items() if value is not None})
        return True

    def read(self, aws_client: AwsApiClient | None = None) -> Any:
        """boto3's bucket, loaded; None if there is none of this name that the client may see."""
        bucket = self.get_resource(aws_client)
        bucket.load()
        return bucket if bucket.creation_date is not None else None

    def delete(self, aws_client: AwsApiClient | None = None) -> bool:
        """Delete the bucket with its objects. True once that is done."""
        bucket = self.get_resource(aws_client)
        bucket.objects.all().delete()
        bucket.delete()
        return True

    def _client(self, aws_client: AwsApiClient | None) -> AwsApiClient:
        return aws_client or self.aws_client or AwsApiClient()


__all__ = ["S3Bucket"]
