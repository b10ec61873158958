"""What the SDK raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, NoCredentialsError

from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError
from agno.db._retrying import Conflict

_BUSY = {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"}
_BUSY |= {"InternalServerError", "ServiceUnavailable", "ServiceUnavailableException", "ThrottlingError"}
_CONFLICTS = {"ConditionalCheckFailedException", "TransactionConflictException"}
_CANCELLED = {"ConditionalCheckFailed", "TransactionConflict", "None"}


def code_of(error: ClientError) -> str:
    """What the server calls the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def conflicts() -> Iterator[None]:
    """Turns what says that somebody else wrote in between into a `Conflict`."""
    try:
        yield
    except ClientError as error:
        reasons = {reason.get("Code") for reason in _reasons(error)}
        if code_of(error) in _CONFLICTS or (reasons and reasons <= _CANCELLED):
            raise Conflict from error
        raise


@contextmanager
def told() -> Iterator[None]:
    """Turns what can go wrong in the block into a `DbError`."""
    try:
        yield
    except ClientError as error:
        codes = {code_of(error), *(reason.get("Code") for reason in _reasons(error))}
        if codes & _BUSY:
            raise DbUnavailableError(f"DynamoDB is busy: {error}. Try again, or raise its capacity.") from error
        raise DbError(f"DynamoDB failed: {error}.") from error
    except (HTTPClientError, ConnectionError) as error:
        raise DbUnavailableError(f"DynamoDB cannot be reached: {str(error).rstrip('.')}. {CHECK_SERVER}") from error
    except NoCredentialsError as error:
        raise DbError("DynamoDB needs credentials: give aws_access_key_id= and aws_secret_access_key=.") from error
    except BotoCoreError as error:
        raise DbError(f"DynamoDB failed: {error}.") from error


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return found


__all__ = ["code_of", "conflicts", "told"]
