"""An object of a bucket."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agno.cloud.aws.s3.api_client import AwsApiClient


@dataclass
class S3Object:
    """An object by the name of its bucket and its own (the key)."""

    bucket_name: str
    name: str
    aws_client: AwsApiClient | None = field(default=None, repr=False, compare=False)

    @property
    def uri(self) -> str:
        """Such as "s3://bucket/folder/file.pdf"."""
        return f"s3://{self.bucket_name}/{self.name}"

    def get_resource(self, aws_client: AwsApiClient | None = None) -> Any:
        """boto3's object."""
        client = aws_client or self.aws_client or AwsApiClient()
        return client.resource("s3").Object(self.bucket_name, self.name)

    def download(self, path: Path | str, aws_client: AwsApiClient | None = None) -> None:
        """Write the content to a file; folders that are missing are made. Raises botocore's errors."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.get_resource(aws_client).download_file(Filename=str(target))


__all__ = ["S3Object"]
