"""Where content lies that is not on this disk: buckets of S3 and Google Cloud, GitHub, and what fsspec reaches."""

from __future__ import annotations

import io
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, ClassVar

from agno.knowledge._addresses import shown
from agno.knowledge._errors import ReaderError
from agno.knowledge._need import need
from agno.knowledge._remote import told_by

_IN_MEMORY = 10_000_000  # bytes; more go through a file


@dataclass
class RemoteObject:
    """One object. `size` is in bytes, `version` changes when its content does; both may be unknown."""

    name: str
    size: int | None
    version: str | None
    place: str  # a URL, for messages
    _fetch: Callable[[BinaryIO], None]

    @property
    def suffix(self) -> str:
        """The suffix of its name, in lower case, with the dot."""
        return PurePosixPath(self.name).suffix.lower()

    def open(self, max_bytes: int = 200_000_000) -> BinaryIO:
        """Its content as a file to read, which you close. May block. ReaderError if it is too large or cannot be fetched."""
        if self.size is not None and self.size > max_bytes:
            raise ReaderError(f"{self.place} is larger than {max_bytes // 1_000_000} MB.", 413)
        small = self.size is not None and self.size <= _IN_MEMORY
        file: BinaryIO = io.BytesIO() if small else tempfile.TemporaryFile()  # noqa: SIM115  # it is given away open
        try:
            with told_by("The storage", what=self.place):
                self._fetch(_Bounded(file, max_bytes, self.place))  # type: ignore[arg-type]  # it can be written to
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def read(self, max_bytes: int = 200_000_000) -> bytes:
        """Its content. May block."""
        with self.open(max_bytes) as file:
            return file.read()


class _Bounded:
    """A file that takes only so many bytes: what a listing says of sizes may be old."""

    def __init__(self, file: BinaryIO, max_bytes: int, place: str) -> None:
        self._file, self._left, self._place = file, max_bytes, place

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise ReaderError(f"{self._place} is larger than allowed.", 413)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def flush(self) -> None:
        self._file.flush()


class RemoteContent(ABC):
    """Objects of one place."""

    kind: ClassVar[str]  # the type of the contents that are made of it

    @abstractmethod
    def objects(self) -> Iterator[RemoteObject]:
        """The objects, without markers of folders. May block. ReaderError if the place cannot be listed."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Where it is, as plain data without credentials."""


class S3Content(RemoteContent):
    """An object of an S3 bucket by its `key` (or `object`), those under a `prefix`, or all of the bucket.

    `bucket` is anything with a `name`, `object` anything with a `name` or `key`, such as those of agno.cloud.aws.s3. `client` is
    a boto3 S3 client of your own; else one is made from the environment.
    """

    kind = "s3"

    def __init__(
        self,
        bucket_name: str | None = None,
        bucket: Any = None,
        key: str | None = None,
        object: Any = None,
        prefix: str | None = None,
        client: Any = None,
    ) -> None:
        self.bucket_name = _one_bucket("S3Content", bucket, bucket_name)
        if key is not None and object is not None:
            raise ValueError("S3Content takes a key or an object, not both.")
        self.bucket = bucket
        self.key = key if object is None else str(getattr(object, "key", None) or object.name)
        self.object = object
        self.prefix = prefix
        self.client = client

    def objects(self) -> Iterator[RemoteObject]:
        boto3 = need("boto3", "boto3", "S3Content")
        client = self.client or boto3.client("s3")
        with told_by("S3", what=f"s3://{self.bucket_name}/{self.key or self.prefix or ''}".rstrip("/")):
            if self.key is not None:
                listed = [{"Key": self.key, **_head(client, self.bucket_name, self.key)}]
            else:
                pages = client.get_paginator("list_objects_v2").paginate(
                    Bucket=self.bucket_name, Prefix=self.prefix or ""
                )
                listed = [
                    entry for page in pages for entry in page.get("Contents", ()) if not entry["Key"].endswith("/")
                ]
        for entry in listed:
            key, version = entry["Key"], str(entry.get("ETag", "")).strip('"') or None
            yield RemoteObject(
                key,
                entry.get("Size"),
                version,
                f"s3://{self.bucket_name}/{key}",
                _s3_fetch(client, self.bucket_name, key),
            )

    def get_config(self) -> dict[str, Any]:
        return {"bucket_name": self.bucket_name, "key": self.key, "prefix": self.prefix}


def _head(client: Any, bucket: str, key: str) -> dict[str, Any]:
    found = client.head_object(Bucket=bucket, Key=key)
    return {"Size": found["ContentLength"], "ETag": found.get("ETag", "")}


def _s3_fetch(client: Any, bucket: str, key: str) -> Callable[[BinaryIO], None]:
    def fetch(file: BinaryIO) -> None:
        for block in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
            file.write(block)

    return fetch


class GCSContent(RemoteContent):
    """A blob of a Google Cloud Storage bucket by its name, those under a `prefix`, or all of the bucket.

    `bucket` is a google.cloud.storage Bucket; with `bucket_name` a client is made from the environment, or give `client`.
    """

    kind = "gcs"

    def __init__(
        self,
        bucket: Any = None,
        bucket_name: str | None = None,
        blob_name: str | None = None,
        prefix: str | None = None,
        client: Any = None,
    ) -> None:
        self.bucket_name = _one_bucket("GCSContent", bucket, bucket_name)
        self.bucket = bucket
        self.blob_name = blob_name
        self.prefix = prefix
        self.client = client

    def objects(self) -> Iterator[RemoteObject]:
        with told_by("Google Cloud Storage", what=f"gs://{self.bucket_name}"):
            bucket = self._bucket()
            if self.blob_name is not None:
                blob = bucket.get_blob(self.blob_name)
                if blob is None:
                    raise ReaderError(f"There is no gs://{self.bucket_name}/{self.blob_name}.", 404)
                blobs = [blob]
            else:
                blobs = [blob for blob in bucket.list_blobs(prefix=self.prefix) if not blob.name.endswith("/")]
        for blob in blobs:
            place = f"gs://{self.bucket_name}/{blob.name}"
            yield RemoteObject(blob.name, blob.size, str(blob.generation or "") or None, place, blob.download_to_file)

    def _bucket(self) -> Any:
        if self.bucket is not None and hasattr(self.bucket, "list_blobs"):
            return self.bucket
        storage = need("google.cloud.storage", "google-cloud-storage", "GCSContent")
        return (self.client or storage.Client()).bucket(self.bucket_name)

    def get_config(self) -> dict[str, Any]:
        return {"bucket_name": self.bucket_name, "blob_name": self.blob_name, "prefix": self.prefix}


class FsspecContent(RemoteContent):
    """A file, or all files below a folder, of anything that fsspec reaches: "sftp://host/docs", "abfs://container/docs", ...

    `options` are those of the file system (credentials and the like). Many file systems need a package of their own, which
    fsspec names. `pattern` selects by the path below the folder, such as "**/*.md".
    """

    kind = "fsspec"

    def __init__(self, url: str, options: dict[str, Any] | None = None, pattern: str | None = None) -> None:
        self.url = url
        self.options = options or {}
        self.pattern = pattern

    def objects(self) -> Iterator[RemoteObject]:
        fsspec = need("fsspec", "fsspec", type(self).__name__)
        with told_by("The file system", what=shown(self.url)):
            system, path = fsspec.core.url_to_fs(self.url, **self.options)
            if system.isfile(path):
                found, root = {path: system.info(path)}, path.rpartition("/")[0]
            else:
                found, root = self._below(system, path), path
        for full, facts in sorted(found.items()):
            name = full[len(root) :].strip("/") or full
            version = facts.get("sha") or facts.get("etag") or facts.get("ETag") or facts.get("mtime")
            yield RemoteObject(
                name,
                facts.get("size"),
                str(version) if version else None,
                f"{shown(self.url)}#{name}",
                _fs_fetch(system, full),
            )

    def _below(self, system: Any, path: str) -> dict[str, Any]:
        if not self.pattern:
            found: dict[str, Any] = system.find(path, detail=True)
        else:
            found = system.glob(f"{path.rstrip('/')}/{self.pattern}", detail=True)
        files = {full: facts for full, facts in found.items() if facts.get("type") == "file"}
        if not files and not system.exists(path):
            raise ReaderError(f"There is nothing at {self.url.partition('?')[0]}.", 404)
        return files

    def get_config(self) -> dict[str, Any]:
        return {"url": shown(self.url), "pattern": self.pattern}


def _fs_fetch(system: Any, path: str) -> Callable[[BinaryIO], None]:
    def fetch(file: BinaryIO) -> None:
        with system.open(path, "rb") as source:
            while block := source.read(1 << 20):
                file.write(block)

    return fetch


class GitHubContent(FsspecContent):
    """Files of a GitHub repository ("owner/name"): all, those below a `path`, or one. `ref` is a branch, tag or commit."""

    kind = "github"

    def __init__(
        self,
        repo: str,
        path: str = "",
        ref: str | None = None,
        token: str | None = None,
        pattern: str | None = None,
    ) -> None:
        owner, slash, name = repo.partition("/")
        if not (owner and slash and name) or "/" in name:
            raise ValueError(f"GitHubContent({repo!r}): a repository is 'owner/name'.")
        login = {"username": "x-access-token", "token": token} if token else {}
        options = {"org": owner, "repo": name, **({"sha": ref} if ref else {}), **login}
        super().__init__(f"github://{path.strip('/')}", options, pattern)
        self.repo = repo
        self.path = path
        self.ref = ref

    def get_config(self) -> dict[str, Any]:
        return {"repo": self.repo, "path": self.path, "ref": self.ref, "pattern": self.pattern}


def _one_bucket(owner: str, bucket: Any, bucket_name: str | None) -> str:
    if (bucket is None) == (bucket_name is None):
        both = "both" if bucket is not None else "neither"
        raise ValueError(f"{owner} takes a bucket or a bucket_name; it got {both}.")
    return bucket_name if bucket_name is not None else str(getattr(bucket, "name", bucket))


__all__ = ["FsspecContent", "GCSContent", "GitHubContent", "RemoteContent", "RemoteObject", "S3Content"]
