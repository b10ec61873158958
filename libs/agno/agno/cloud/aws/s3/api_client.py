"""boto3, made when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class AwsApiClient:
    """A boto3 session for a region and a profile; both come from the environment if they are not given."""

    def __init__(self, aws_region: str | None = None, aws_profile: str | None = None) -> None:
        self.aws_region = aws_region
        self.aws_profile = aws_profile
        self._session: Any = None

    @property
    def boto3_session(self) -> Any:
        """The session, made at its first use."""
        if self._session is None:
            try:
                boto3 = import_module("boto3")
            except ImportError as error:
                raise ImportError("AwsApiClient needs `boto3`. Install it with: pip install boto3") from error
            self._session = boto3.Session(region_name=self.aws_region, profile_name=self.aws_profile)
        return self._session

    def client(self, service: str, **options: Any) -> Any:
        """A client of a service; options are those of boto3, such as endpoint_url."""
        return self.boto3_session.client(service, **options)

    def resource(self, service: str, **options: Any) -> Any:
        """A resource of a service."""
        return self.boto3_session.resource(service, **options)


__all__ = ["AwsApiClient"]
