"""Clients of Amazon Web Services for embedders and rerankers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from agno.exceptions import ModelAuthenticationError

_NO_KEYS = ("NoCredentialsError", "PartialCredentialsError", "NoRegionError", "CredentialRetrievalError")


@dataclass(frozen=True)
class Credentials:
    """Where and as whom; what is None is found by boto3."""

    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    session: Any = None


def aws_client(service: str, keys: Credentials, params: dict[str, Any] | None) -> Any:
    """A client that may be used by several threads, and does not retry. boto3 does not know `AWS_REGION`, its tools do."""
    import boto3
    from botocore.config import Config

    named = {
        "region_name": keys.region or (None if keys.session else os.environ.get("AWS_REGION")),
        "aws_access_key_id": keys.access_key_id,
        "aws_secret_access_key": keys.secret_access_key,
        "aws_session_token": keys.session_token,
    }
    given = {name: value for name, value in named.items() if value is not None}
    # the default session is not safe for threads, a session of our own is
    session = keys.session or boto3.session.Session()
    config = Config(retries={"total_max_attempts": 1})
    return session.client(service, **{"config": config, **given, **(params or {})})


def aws_error(error: Exception, owner: object) -> Exception:
    """An error that says what is missing, if keys or region are; else the same."""
    if type(error).__name__ in _NO_KEYS:
        return ModelAuthenticationError(
            f"{type(owner).__name__} has no AWS keys or region ({error}): set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
            "AWS_REGION in the environment, or give aws_access_key_id=, aws_secret_access_key= and aws_region=."
        )
    return error


__all__ = ["Credentials", "aws_client", "aws_error"]
