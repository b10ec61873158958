"""Objects of a bucket, as far as the database needs them; what can go wrong becomes a `DbError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import google.cloud.storage as storage
import msgspec
import requests
from google.api_core import exceptions
from google.auth import exceptions as auth
from google.cloud.storage.retry import DEFAULT_RETRY

from agno.db._port import CHECK_SERVER, DbError, DbUnavailableError
from agno.db._retrying import Conflict

_PATIENCE = 20.0  # seconds to try again when the service is down or busy
_PAGE = 50  # names in one answer, of which mostly the first counts


class Found(NamedTuple):
    """What an object holds, and which version of it that is; 0 if there is none."""

    data: bytes | None
    generation: int


class Bucket:
    """A bucket."""

    patience = _PATIENCE

    def __init__(self, client: storage.Client, name: str) -> None:
        self._client, self.name = client, name
        self.bucket = client.bucket(name)
        self._is_there = False

    @property
    def _retry(self) -> Any:
        return DEFAULT_RETRY.with_timeout(self.patience)

    def read(self, name: str) -> bytes | None:
        """An object; None if it is not there."""
        try:
            data: bytes = self.bucket.blob(name).download_as_bytes(retry=self._retry)
        except exceptions.NotFound:
            self._check()
            return None
        return data

    def read_version(self, name: str) -> Found:
        """An object with its version."""
        while True:
            blob = self.bucket.get_blob(name, retry=self._retry)
            if blob is None:
                self._check()
                return Found(None, 0)
            generation = int(blob.generation)  # a download may change what the blob says
            try:
                data = blob.download_as_bytes(if_generation_match=generation, retry=self._retry)
            except (exceptions.NotFound, exceptions.PreconditionFailed):  # replaced just now
                continue
            return Found(data, generation)

    def write(self, name: str, data: bytes, generation: int | None = None) -> None:
        """Write an object; a `Conflict` if it has another version than this one."""
        blob, only = self.bucket.blob(name), {} if generation is None else {"if_generation_match": generation}
        try:
            blob.upload_from_string(data, content_type="application/json", retry=self._retry, **only)
        except exceptions.PreconditionFailed as error:
            raise Conflict from error

    def names(self, prefix: str, count: int | None = None) -> Iterator[str]:
        """The names that begin like this, sorted."""
        found = self._client.list_blobs(
            self.bucket,
            prefix=prefix,
            max_results=count,
            page_size=_PAGE,
            fields="items(name),nextPageToken",
            retry=self._retry,
        )
        return (blob.name for blob in islice(found, count))

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        try:
            self.bucket.delete_blob(name, retry=self._retry)
        except exceptions.NotFound:
            pass  # somebody else did

    def _check(self) -> None:
        """A bucket that is not there is no empty one."""
        if not self._is_there:
            try:
                next(self.names("", 1), None)
            except exceptions.NotFound as error:
                raise DbUnavailableError(
                    f"There is no bucket {self.name!r}. Make it, or give another bucket_name."
                ) from error
            self._is_there = True

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns what can go wrong in the block into a `DbError`."""
        try:
            yield
        except (exceptions.RetryError, requests.ConnectionError, requests.Timeout, auth.TransportError) as error:
            cause = getattr(error, "cause", None) or error
            raise DbUnavailableError(
                f"Bucket {self.name!r} cannot be reached: {_sentence(cause)}. {CHECK_SERVER}"
            ) from error
        except (exceptions.ServerError, exceptions.TooManyRequests) as error:
            raise DbUnavailableError(
                f"Bucket {self.name!r} does not answer: {_sentence(error)}. {CHECK_SERVER}"
            ) from error
        except (exceptions.GoogleAPIError, auth.GoogleAuthError) as error:
            raise DbError(f"Bucket {self.name!r} cannot be used: {_sentence(error)}.") from error
        except msgspec.DecodeError as error:
            raise DbError(f"An object in bucket {self.name!r} holds no JSON: {error}.") from error


def _sentence(error: BaseException) -> str:
    return str(error).rstrip(".")


__all__ = ["Bucket", "Found"]
