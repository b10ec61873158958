"""Buckets of S3 (moto) and Google Cloud (its emulator), GitHub (a server of its API), and fsspec's own memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from fsspec.implementations.github import GithubFileSystem
from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from moto.server import ThreadedMotoServer

from agno.cloud.aws.s3 import AwsApiClient, S3Bucket, S3Object
from agno.db.in_memory import InMemoryDb
from agno.knowledge import Knowledge
from agno.knowledge._errors import ReaderError
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reader.s3_reader import S3Reader
from agno.knowledge.remote_content import FsspecContent, GCSContent, GitHubContent, RemoteContent, S3Content
from agno.vectordb.in_memory import InMemoryVectorDb

import making
from making import Answer, Request
from reader_contract import COLOURS, ReaderContract

FILES = {"docs/a.txt": b"Text a", "docs/b.pdf": making.pdf("Page of b"), "other.md": b"# Other"}


def held(content: RemoteContent) -> dict[str, bytes]:
    return {found.name: found.read() for found in content.objects()}


# S3 ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for key, value in {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="docs/", Body=b"")  # the mark of a folder
    for key, body in FILES.items():
        client.put_object(Bucket="bucket", Key=key, Body=body)
    return client


def test_s3_gives_one_object_some_or_all(s3: Any) -> None:
    assert held(S3Content(bucket_name="bucket")) == FILES
    assert held(S3Content("bucket", prefix="docs/")) == {key: FILES[key] for key in ("docs/a.txt", "docs/b.pdf")}
    assert held(S3Content("bucket", key="other.md")) == {"other.md": b"# Other"}
    assert held(S3Content(bucket=S3Bucket("bucket"), object=S3Object("bucket", "other.md"))) == {"other.md": b"# Other"}


def test_an_object_says_what_it_is(s3: Any) -> None:
    (found,) = S3Content("bucket", key="docs/b.pdf").objects()
    assert (found.suffix, found.size, found.place) == (".pdf", len(FILES["docs/b.pdf"]), "s3://bucket/docs/b.pdf")
    before = found.version
    s3.put_object(Bucket="bucket", Key="docs/b.pdf", Body=b"changed")
    assert next(S3Content("bucket", key="docs/b.pdf").objects()).version != before


def test_what_is_not_there_is_an_error(s3: Any) -> None:
    with pytest.raises(ReaderError, match="S3 gave nothing for s3://nowhere: .*does not exist"):
        list(S3Content("nowhere").objects())
    with pytest.raises(ReaderError, match="S3 gave nothing for s3://bucket/missing: .*Not Found"):
        list(S3Content("bucket", key="missing").objects())


def test_a_place_without_objects_is_told_in_the_list_of_contents(s3: Any) -> None:
    knowledge = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder()), contents_db=InMemoryDb())
    knowledge.add_content(name="papers", remote_content=S3Content("bucket", prefix="papers/"))
    (content,), _ = knowledge.get_content()
    assert (content.name, str(content.status_message)) == (
        "papers", "S3Content(bucket_name='bucket', prefix='papers/') has no objects: nothing was added."
    )  # fmt: skip


def test_an_object_that_is_too_large_is_not_fetched(s3: Any) -> None:
    (found,) = S3Content("bucket", key="other.md").objects()
    with pytest.raises(ReaderError, match="s3://bucket/other.md is larger than 0 MB."):
        found.read(max_bytes=3)
    found.size = None  # as where a listing says nothing
    with pytest.raises(ReaderError, match="is larger than allowed."):
        found.read(max_bytes=3)


def test_where_it_is_must_be_clear() -> None:
    with pytest.raises(ValueError, match="a bucket or a bucket_name; it got neither."):
        S3Content(key="k")
    with pytest.raises(ValueError, match="it got both."):
        S3Content("a", bucket=S3Bucket("a"))
    with pytest.raises(ValueError, match="a key or an object, not both."):
        S3Content("a", key="k", object=S3Object("a", "k"))
    with pytest.raises(ValueError, match="it got neither"):
        GCSContent()
    assert S3Content("a", prefix="p").get_config() == {"bucket_name": "a", "key": None, "prefix": "p"}


class TestS3Reader(ReaderContract):
    make = S3Reader
    holds = ("Page of b",)

    @pytest.fixture(autouse=True)
    def bucket(self, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def make(**settings: Any) -> S3Reader:
            made = S3Reader(**settings)
            read, async_read = made.read, made.async_read  # which take the name first
            made.read = lambda source, **more: read(None, source, **more)  # type: ignore[method-assign,assignment]
            made.async_read = lambda source, **more: async_read(None, source, **more)  # type: ignore[method-assign,assignment]
            return made

        monkeypatch.setattr(type(self), "make", make)

    @pytest.fixture
    def source(self) -> S3Object:
        return S3Object("bucket", "docs/b.pdf")

    @COLOURS
    def test_an_object_is_named_in_several_ways(self, source: S3Object, colour: str) -> None:
        listed = next(S3Content("bucket", key="docs/b.pdf").objects())
        for given in (source, "s3://bucket/docs/b.pdf", listed):
            (document,) = making.read(type(self).make(chunk=False), given, colour)
            assert (document.content, document.meta_data["url"]) == ("Page of b", "s3://bucket/docs/b.pdf")
        assert S3Reader(chunk=False).read("mine", source)[0].name == "mine"

    def test_a_knowledge_base_reads_by_it(self) -> None:
        knowledge = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder()))
        knowledge.add_content(topics=["s3://bucket/docs/b.pdf"], name="mine", reader=S3Reader())
        (found,) = knowledge.search("page")
        assert (found.content, found.name) == ("Page of b", "mine")


def test_buckets_and_objects(s3: Any, tmp_path: Path) -> None:
    bucket = S3Bucket("fresh-bucket", acl="private", aws_client=AwsApiClient("eu-west-1"))
    assert bucket.uri == "s3://fresh-bucket"
    assert bucket.read() is None
    assert bucket.create()
    assert bucket.read().name == "fresh-bucket"
    s3.put_object(Bucket="fresh-bucket", Key="a/b.txt", Body=b"text")
    assert bucket.get_objects(prefix="x") == []
    (found,) = bucket.get_objects()
    assert found == S3Object("fresh-bucket", "a/b.txt") and found.uri == "s3://fresh-bucket/a/b.txt"
    found.download(tmp_path / "new" / "b.txt")
    assert (tmp_path / "new" / "b.txt").read_bytes() == b"text"
    assert bucket.delete()
    assert bucket.read() is None


# Google Cloud Storage ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gcs_url() -> Iterator[str]:
    made = create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    made.start()
    yield f"http://127.0.0.1:{made._api._httpd.server_port}"
    made.stop()


@pytest.fixture
def gcs(gcs_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_url)
    client = storage.Client(project="p", credentials=AnonymousCredentials())
    for name, body in FILES.items():
        client.bucket("bucket").blob(name).upload_from_string(body)
    return client


def test_gcs_gives_one_blob_some_or_all(gcs: Any) -> None:
    assert held(GCSContent(bucket_name="bucket", client=gcs)) == FILES
    assert list(held(GCSContent(bucket=gcs.bucket("bucket"), prefix="docs/"))) == ["docs/a.txt", "docs/b.pdf"]
    assert held(GCSContent(bucket=gcs.bucket("bucket"), blob_name="other.md")) == {"other.md": b"# Other"}
    with pytest.raises(ReaderError, match="There is no gs://bucket/missing."):
        list(GCSContent(bucket_name="bucket", blob_name="missing", client=gcs).objects())


# fsspec --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def memory() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    for name, body in FILES.items():
        system.pipe(f"/shelf/{name}", body)
    yield system
    system.rm("/shelf", recursive=True)


def test_a_folder_or_a_file_of_any_file_system(memory: Any) -> None:
    assert held(FsspecContent("memory://shelf")) == FILES
    assert held(FsspecContent("memory://shelf/docs/a.txt")) == {"a.txt": b"Text a"}
    assert list(held(FsspecContent("memory://shelf", pattern="**/*.pdf"))) == ["docs/b.pdf"]
    with pytest.raises(ReaderError, match="There is nothing at memory://missing."):
        list(FsspecContent("memory://missing").objects())
    with pytest.raises(ReaderError, match="The file system gave nothing for klingon://x: Protocol not known: klingon"):
        list(FsspecContent("klingon://x").objects())


def test_secrets_in_an_address_are_not_shown() -> None:
    assert FsspecContent("sftp://user:secret@host/x").get_config()["url"] == "sftp://host/x"


def github(request: Request) -> Answer:
    """The trees of a repository, and its files."""
    path = request.path
    if "/git/trees/" in path:
        tree = {
            "main": [("docs", "tree", "t1"), ("README.md", "blob", "b1")],
            "t1": [("guide.md", "blob", "b2")],
            "docs": [("guide.md", "blob", "b2")],
        }[path.rpartition("/")[2]]
        base = path.rpartition("/")[0]
        found: Any = {
            "tree": [
                {"path": p, "type": t, "sha": s, "size": 7, "mode": "100644", "url": f"{base}/{s}"} for p, t, s in tree
            ]
        }
    elif "/contents/" in path:
        name = path.rpartition("/contents/")[2]
        found = {
            "path": name,
            "type": "file",
            "size": 7,
            "encoding": "base64",
            "content": base64.b64encode(f"# {name}".encode()).decode(),
            "sha": "b",
        }
    else:
        found = {"default_branch": "main"}
    return Answer(json.dumps(found), kind="application/json")


class Anywhere(dict[str, Any]):
    """Pages where the same function answers for every path."""

    def get(self, key: str, default: Any = None) -> Any:
        return github


def test_files_of_a_github_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    with making.site() as web:
        web.pages = Anywhere()
        for attribute in ("url", "content_url"):
            address = getattr(GithubFileSystem, attribute).replace("https://api.github.com", web.url)
            monkeypatch.setattr(GithubFileSystem, attribute, address)
        content = GitHubContent("agno/docs", ref="main", token="secret")
        assert held(content) == {"README.md": b"# README.md", "docs/guide.md": b"# docs/guide.md"}
        assert {one.name: one.version for one in content.objects()} == {"README.md": "b1", "docs/guide.md": "b2"}
        assert web.requests[0].headers["Authorization"].startswith("Basic ")
    assert content.get_config() == {"repo": "agno/docs", "path": "", "ref": "main", "pattern": None}
    with pytest.raises(ValueError, match="a repository is 'owner/name'"):
        GitHubContent("docs")
