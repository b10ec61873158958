"""Content goes into a knowledge base, is found, listed, changed and removed."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.filters import EQ, GT
from agno.knowledge import Knowledge
from agno.knowledge.content import Content, ContentAuth, ContentStatus, FileData
from agno.knowledge.document import Document
from agno.knowledge.embedder import Embedder
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.knowledge.events import ContentRemoved, ContentStarted
from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.csv_reader import CSVReader
from agno.knowledge.reader.s3_reader import S3Reader
from agno.knowledge.reader.text_reader import TextReader
from agno.knowledge.remote_content.remote_content import RemoteContent, RemoteObject
from agno.testing import ScriptedServer
from agno.vectordb.base import VectorDb
from agno.vectordb.in_memory import InMemoryVectorDb
from knowledge.readers.making import Answer, pdf, site

both_colours = pytest.mark.parametrize("colour", ["sync", "async"])
TWINS = {"add_content": "add_content_async", "add_contents": "add_contents_async", "search": "async_search"}


def ask(knowledge: Knowledge, colour: str, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method or its asynchronous twin."""
    if colour == "sync":
        return getattr(knowledge, method)(*args, **kwargs)
    return asyncio.run(getattr(knowledge, TWINS.get(method, f"a{method}"))(*args, **kwargs))


def ingest(knowledge: Knowledge, colour: str, **kwargs: Any) -> list[Any]:
    """All events."""
    if colour == "sync":
        return list(knowledge.ingest(**kwargs))

    async def all_of() -> list[Any]:
        return [event async for event in knowledge.aingest(**kwargs)]

    return asyncio.run(all_of())


class Counting(HashingEmbedder):
    """Notes the sizes of its batches, and fails before the batch with this number."""

    fails_at: int | None = None

    async def embed_batch(self, io, texts):
        self.__dict__.setdefault("batches", [])
        if len(self.batches) == self.fails_at:
            self.fails_at = None
            raise self.__dict__.get("error") or ValueError("the embedder broke")
        self.batches.append(len(texts))
        return await super().embed_batch(io, texts)


@pytest.fixture
def knowledge() -> Knowledge:
    return Knowledge(vector_db=InMemoryVectorDb(embedder=Counting(64)), contents_db=InMemoryDb())


def rows(knowledge: Knowledge) -> dict[str, tuple[str, str]]:
    """Status and message by name."""
    return {one.name: (one.status.value, one.status_message) for one in knowledge.get_content()[0]}


def found(knowledge: Knowledge, query: str, **options: Any) -> list[str]:
    return [document.content for document in knowledge.search(query, **options)]


def count(knowledge: Knowledge) -> int:
    return len(knowledge.vector_db._records)


# Adding --------------------------------------------------------------------------------------------------------------


@both_colours
def test_a_text_is_added_found_and_listed(knowledge, colour):
    ask(knowledge, colour, "add_content", name="Tea", description="leaves", text_content="green tea", metadata={"k": 1})
    (document,) = ask(knowledge, colour, "search", "tea", filters={"k": 1})
    assert (document.content, document.name) == ("green tea", "Tea") and document.meta_data["k"] == 1
    (content,), total = ask(knowledge, colour, "get_content")
    assert total == 1 and content.id == document.content_id and content.status is ContentStatus.COMPLETED
    assert (content.name, content.description, content.metadata, content.size) == ("Tea", "leaves", {"k": 1}, 9)
    assert content.file_type == "Text" and content.created_at and content.updated_at
    assert ask(knowledge, colour, "get_content_by_id", content.id).name == "Tea"
    assert ask(knowledge, colour, "get_content_status", content.id) == (ContentStatus.COMPLETED, "")
    assert ask(knowledge, colour, "get_content_status", "x") == (None, "Content not found")
    assert ask(knowledge, colour, "get_content_by_id", "x") is None


@both_colours
def test_a_folder_is_one_content_for_each_file(knowledge, colour, tmp_path):
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("green tea")
    (tmp_path / "deep" / "b.md").write_text("# Milk\n\ncold milk")
    (tmp_path / "deep" / "deeper" / "c.csv").write_text("name,kind\nmocha,coffee\n")
    (tmp_path / "deep" / "skip.md").write_text("nothing")
    ask(knowledge, colour, "add_content", path=str(tmp_path), exclude=["*skip*"], metadata={"from": "folder"})
    assert set(rows(knowledge)) == {"a.txt", "b.md", "c.csv"}
    assert {status for status, _ in rows(knowledge).values()} == {"completed"}
    assert found(knowledge, "mocha coffee", max_results=1, filters={"from": "folder"})[0].count("mocha") == 1
    other = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder(8)), contents_db=InMemoryDb())
    ask(other, colour, "add_content", path=str(tmp_path), include=["*.md"])
    assert set(rows(other)) == {"b.md", "skip.md"}


@both_colours
def test_what_is_there_is_skipped_and_only_what_changed_is_read_again(knowledge, colour, tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(f"text of {name}")
    kinds = [type(event).__name__ for event in ingest(knowledge, colour, path=str(tmp_path))]
    assert kinds == ["ContentStarted"] * 3 + ["ContentCompleted"] * 3 + ["IngestionCompleted"]
    (tmp_path / "b.txt").write_text("text of b, changed")
    (tmp_path / "a.txt").touch()
    done = ingest(knowledge, colour, path=str(tmp_path))[-1]
    assert [content.name for content in done.completed] == ["b.txt"] and len(done.skipped) == 2
    assert sorted(found(knowledge, "text")) == ["text of a", "text of b, changed", "text of c"]
    assert len(knowledge.get_content()[0]) == 3 and sum(knowledge.vector_db.embedder.batches[:-1]) == 4


@both_colours
def test_what_is_there_already_has_the_id_under_which_it_is_listed(knowledge, colour):
    tea = {"name": "tea", "text_content": "green tea"}
    ask(knowledge, colour, "add_content", **tea)
    (listed,) = knowledge.get_content()[0]
    (skipped,) = ingest(knowledge, colour, **tea)[-1].skipped
    assert (skipped.id, skipped.status) == (listed.id, ContentStatus.COMPLETED)
    knowledge.contents_db.delete_knowledge_content(listed.id)  # as if nobody had kept a list
    (skipped,) = ingest(knowledge, colour, **tea)[-1].skipped
    assert [(one.id, one.status) for one in knowledge.get_content()[0]] == [(skipped.id, ContentStatus.COMPLETED)]
    assert skipped.id == listed.id and count(knowledge) == 1


def test_two_customers_may_add_the_same(knowledge, tmp_path):
    (tmp_path / "a.txt").write_text("shared text")
    for tenant in ("a", "b"):
        knowledge.add_content(path=str(tmp_path), metadata={"tenant": tenant})
        knowledge.add_content(text_content="shared words", metadata={"tenant": tenant})
    for tenant in ("a", "b"):
        assert sorted(found(knowledge, "shared", filters={"tenant": tenant})) == ["shared text", "shared words"]


def test_texts_with_the_same_name_or_none_are_all_kept_and_the_same_text_once(knowledge):
    for text in ("one tea", "two teas", "one tea"):
        knowledge.add_content(name="Notes", text_content=text)
        knowledge.add_content(text_content=text)
    assert count(knowledge) == 4 and len(knowledge.get_content()[0]) == 4


def test_two_thousand_chunks_are_twenty_requests(tmp_path):
    def fresh(server):
        embedder = OpenAIEmbedder(api_key="k", base_url=server.openai_url, dimensions=8)
        return Knowledge(vector_db=InMemoryVectorDb(embedder=embedder), contents_db=InMemoryDb())

    (tmp_path / "large.txt").write_text("\n".join(f"line {n:06}" for n in range(2_000)))
    with ScriptedServer() as server:
        large = fresh(server)
        reader = TextReader(chunk_size=12)
        events = ingest(large, "sync", path=str(tmp_path / "large.txt"), reader=reader)
        assert count(large) == 2_000 and len(server.requests) == 20
        assert [event.chunks for event in events if type(event).__name__ == "ContentProgress"] == list(
            range(100, 2_001, 100)
        )
    (tmp_path / "many").mkdir()
    for n in range(250):
        (tmp_path / "many" / f"{n}.txt").write_text(f"small file {n}")
    with ScriptedServer() as server:
        many = fresh(server)
        ask(many, "async", "add_content", path=str(tmp_path / "many"))
        assert count(many) == 250 and [len(r.json["input"]) for r in server.requests] == [100, 100, 50]


@both_colours
def test_a_reader_is_never_far_ahead_of_the_store(knowledge, colour):
    ahead: list[int] = []

    class Endless(Reader):
        wants = "topic"

        def documents(self, source, name=None, password=None):
            for n in range(1, 1_001):
                ahead.append(n - count(knowledge))
                yield Document(f"{source} {n}")

    ask(knowledge, colour, "add_content", topics=["numbers"], reader=Endless(chunk=False))
    assert count(knowledge) == 1_000 and max(ahead) <= 110


@both_colours
def test_a_page_of_the_web_is_added_once_and_again_when_asked(knowledge, colour):
    with site() as web:
        web.pages["/tea"] = (
            "<html><body><p>Green tea is a leaf that people drink hot or cold in many places.</p></body></html>"
        )
        web.pages["/tea.pdf"] = Answer(pdf("black tea"), kind="application/pdf")
        for _ in range(2):
            ask(knowledge, colour, "add_contents", [
                {"url": f"{web.url}/tea", "skip_if_exists": True}, {"url": f"{web.url}/tea.pdf", "skip_if_exists": True},
            ])  # fmt: skip
        assert sorted(web.paths) == ["/tea", "/tea.pdf"] and count(knowledge) == 2
        web.pages["/tea"] = (
            "<html><body><p>White tea is a leaf that people drink hot or cold in many places.</p></body></html>"
        )
        ask(knowledge, colour, "add_content", url=f"{web.url}/tea", skip_if_exists=False)
        assert count(knowledge) == 2 and any(text.startswith("White tea") for text in found(knowledge, "tea"))
        ask(knowledge, colour, "add_content", url=f"{web.url}/tea.pdf", reader=TextReader(), metadata={"raw": True})
        assert rows(knowledge)[f"{web.url}/tea.pdf"][0] in ("completed", "failed")
        ask(knowledge, colour, "add_contents", urls=["ftp://x/y", f"{web.url}/none"], skip_if_exists=True)
    told = rows(knowledge)
    assert told["ftp://x/y"] == ("failed", "Invalid URL format: ftp://x/y") and told[f"{web.url}/none"][0] == "failed"


@both_colours
def test_uploads_are_read_by_their_type_or_their_name(knowledge, colour):
    uploads = [
        FileData(content=pdf("page of tea"), type="application/pdf", filename="tea.pdf"),
        FileData(content=b"name\nmocha\n", type="text/csv"),
        FileData(content="# Milk\n\ncold", filename="milk.md"),
    ]
    for upload in uploads:
        ask(knowledge, colour, "add_content", file_data=upload)
    assert count(knowledge) == 4 and rows(knowledge)["tea.pdf"] == ("completed", "")
    assert {content.file_type for content in knowledge.get_content()[0]} >= {"application/pdf", "text/csv"}


class Shelf(RemoteContent):
    kind = "shelf"

    def __init__(self, objects):
        self.held = objects

    def objects(self):
        for name, data in self.held.items():
            yield RemoteObject(
                name, len(data), str(hash(data)), f"shelf://{name}", lambda file, data=data: file.write(data)
            )

    def get_config(self):
        return {}


@both_colours
def test_remote_objects_are_one_content_each(knowledge, colour):
    shelf = Shelf({"tea.txt": b"green tea", "sub/milk.pdf": pdf("cold milk"), "broken.pdf": b"no pdf"})
    ask(knowledge, colour, "add_content", name="shelf", remote_content=shelf)
    told = rows(knowledge)
    assert told["shelf_tea.txt"][0] == told["shelf_sub/milk.pdf"][0] == "completed"
    assert told["shelf_broken.pdf"][0] == "failed"
    shelf.held["tea.txt"] = b"black tea"
    done = ingest(knowledge, colour, name="shelf", remote_content=shelf)[-1]
    assert [content.name for content in done.completed] == ["shelf_tea.txt"] and len(done.skipped) == 1
    assert found(knowledge, "tea", max_results=1) == ["black tea"]


@both_colours
def test_readers_of_a_users_own_need_one_method_only(knowledge, colour):
    class OnlyRead(Reader):
        wants = "topic"

        def read(self, topic, name=None):
            return [Document(f"about {topic}", name=name)]

    class Duck:
        wants = "topic"

        def read(self, topic):
            return [Document(f"quack {topic}")]

    ask(knowledge, colour, "add_content", topics=["tea", "milk"], reader=OnlyRead())
    ask(knowledge, colour, "add_content", topics=["tea"], reader=Duck())
    ask(knowledge, colour, "add_content", topics=["rain"])
    assert sorted(found(knowledge, "about")) == ["about milk", "about tea", "quack tea"]
    assert "needs a reader" in rows(knowledge)["rain"][1]
    knowledge.add_reader(mine := TextReader(name="Text"))
    assert knowledge.get_readers()["text"] is mine is knowledge.text_reader
    assert type(knowledge.pdf_reader).__name__ == "PDFReader" and "pdf" in knowledge.readers


@both_colours
def test_what_was_stored_but_not_noted_as_completed_is_noted_by_the_next_attempt(knowledge, colour, monkeypatch):
    db = knowledge.contents_db
    write = db.upsert_knowledge_content

    def killed(row):
        if row.status == "completed":
            raise KeyboardInterrupt
        return write(row)

    monkeypatch.setattr(db, "upsert_knowledge_content", killed)
    with pytest.raises(KeyboardInterrupt):
        ask(knowledge, colour, "add_content", text_content="green tea", name="tea")
    monkeypatch.undo()
    assert rows(knowledge) == {"tea": ("processing", "")}
    done = ingest(knowledge, colour, text_content="green tea", name="tea")[-1]
    assert len(done.skipped) == 1 and rows(knowledge) == {"tea": ("completed", "")} and count(knowledge) == 1


@both_colours
def test_a_large_table_is_stored_while_it_is_read(knowledge, colour, tmp_path):
    (tmp_path / "a.csv").write_text("\n".join(f"tea {n},{n}" for n in range(3_000)))
    pages: list[int] = []

    class Watched(CSVReader):
        def documents(self, source, name=None, password=None):
            for page in super().documents(source, name, password):
                pages.append(count(knowledge))
                yield page

    ask(knowledge, colour, "add_content", path=str(tmp_path), reader=Watched())
    assert count(knowledge) == 3_000 and len(pages) > 1 and pages[-1] >= 1_000
    assert type(knowledge.csv_reader) is CSVReader
    ask(knowledge, colour, "add_content", path=str(tmp_path), auth=ContentAuth(password="x"), metadata={"locked": "no"})
    assert count(knowledge) == 6_000


@both_colours
def test_what_a_subclass_reads_in_another_way_is_what_is_added(knowledge, colour):
    class Loud(CSVReader):
        def read(self, file, delimiter=",", quotechar='"', name=None, page_size=None):
            return [Document(one.content.upper(), name=name) for one in super().read(file, delimiter, quotechar, name)]

    class Bucket(S3Reader):
        needs = {}

        def read(self, name, s3_object):
            return [Document(f"{s3_object} as {name}")]

    ask(knowledge, colour, "add_content", file_data=FileData(content=b"green tea,1\n", type="text/csv"), reader=Loud())
    ask(knowledge, colour, "add_content", topics=["s3://tea/leaf.txt"], name="leaf", reader=Bucket())
    assert sorted(found(knowledge, "tea")) == ["GREEN TEA, 1", "s3://tea/leaf.txt as leaf"]


@both_colours
def test_several_are_added_in_two_ways(knowledge, colour, tmp_path):
    (tmp_path / "a.txt").write_text("a text")
    ask(
        knowledge,
        colour,
        "add_contents",
        [{"path": str(tmp_path), "name": "A"}, {"text_content": "b text", "name": "B"}],
    )
    ask(knowledge, colour, "add_contents", paths=[str(tmp_path)], metadata={"again": True})
    assert set(rows(knowledge)) == {"A", "B", "a.txt"}
    for wrong in ({}, {"nothing": 1}, {"name": "x"}):
        with pytest.raises(ValueError, match="add_contents"):
            ask(knowledge, colour, "add_contents", **wrong)
    for wrong in ("text", [{"oops": 1}], [3]):
        with pytest.raises(ValueError, match="add_contents"):
            ask(knowledge, colour, "add_contents", wrong)


def test_nothing_to_add_is_no_error(knowledge, tmp_path):
    knowledge.add_content(name="x")
    knowledge.add_content(path=str(tmp_path / "none"))
    assert knowledge.get_content() == ([], 0)


def test_it_is_called_from_a_running_loop(knowledge):
    async def inside():
        knowledge.add_content(text_content="green tea")
        return knowledge.search("tea")

    assert asyncio.run(inside())[0].content == "green tea"


@pytest.mark.parametrize("make", [SqliteDb, AsyncSqliteDb])
@both_colours
def test_any_database_keeps_the_list(make, colour, tmp_path):
    knowledge = Knowledge(
        name="K",
        vector_db=InMemoryVectorDb(embedder=HashingEmbedder(8)),
        contents_db=make(db_file=str(tmp_path / "c.db")),
    )
    ask(knowledge, colour, "add_content", name="Tea", text_content="green tea")
    other = Knowledge(name="Other", vector_db=knowledge.vector_db, contents_db=knowledge.contents_db)
    assert ask(knowledge, colour, "get_content", limit=1)[0][0].name == "Tea"
    assert ask(other, colour, "get_content") == ([], 0)


def test_without_a_list_it_is_added_and_found_all_the_same():
    knowledge = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder(8)))
    knowledge.add_content(text_content="green tea")
    knowledge.add_content(text_content="green tea")
    assert found(knowledge, "tea") == ["green tea"]
    for ask_for in (knowledge.get_content, lambda: knowledge.get_content_status("x"), knowledge.remove_all_content):
        with pytest.raises(ValueError, match="contents_db="):
            ask_for()
    assert knowledge.patch_content(Content(id="x")) is None


def test_without_a_vector_database_contents_fail_and_searches_are_empty():
    knowledge = Knowledge(contents_db=InMemoryDb())
    knowledge.add_content(name="Tea", text_content="green tea")
    assert rows(knowledge) == {"Tea": ("failed", "No vector database configured")} and knowledge.search("tea") == []
    assert knowledge.remove_vector_by_id("x") is knowledge.remove_vectors_by_name("x") is False


# What goes wrong -----------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 60_000_000)
    return out.getvalue()


@both_colours
def test_broken_files_say_why_and_the_others_are_added(knowledge, colour, tmp_path):
    files = {
        "good.txt": b"green tea", "also-good.pdf": pdf("black tea"), "broken.pdf": b"%PDF-1.4 and then nothing",
        "empty.txt": b"", "blank.txt": b" \n ", "locked.pdf": pdf("secret", password="pw"), "named.pdf": b"PK\x03\x04zip",
        "picture.docx": b"\x89PNG\r\n", "bomb.docx": bomb(), "noise.json": b"{no json", "last.md": b"# Milk",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    ask(knowledge, colour, "add_content", path=str(tmp_path))
    told = rows(knowledge)
    good = {"good.txt", "also-good.pdf", "last.md"}
    assert {name for name, (status, _) in told.items() if status == "completed"} == good
    for name in files.keys() - good:
        status, message = told[name]
        assert status == "failed" and name.split(".")[0] in message and len(message) < 400, (name, message)
    (failed,) = [one.id for one in knowledge.get_content()[0] if one.name == "locked.pdf"]
    ask(knowledge, colour, "add_content", path=str(tmp_path / "locked.pdf"), auth=ContentAuth(password="pw"))
    assert "secret" in found(knowledge, "secret", max_results=1)[0]
    (opened,) = [one for one in knowledge.get_content()[0] if one.name == "locked.pdf"]
    assert (
        opened.id == failed and opened.status is ContentStatus.COMPLETED
    )  # a new attempt takes the place of the failed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"metadata": "ann"}, "metadata is 'ann'; it must be a dict"),
        ({"file_data": b"tea"}, r"file_data is a bytes; give FileData\("),
        ({"auth": "pw"}, r"auth is a str; give ContentAuth\("),
        ({"reader": "pdf"}, r"reader is 'pdf'; give a reader, such as PDFReader\("),
        ({"topics": "tea"}, r"topics is the text 'tea'; give a list"),
        ({"metadata": {1: "a"}}, r"metadata has the key 1; keys must be texts"),
        ({"name": 5}, r"name is 5; it must be a text"),
        ({"remote_content": "s3://bucket"}, r"remote_content is 's3://bucket'; give S3Content\("),
    ],
    ids=["metadata", "file_data", "auth", "reader", "topics", "keys", "name", "remote_content"],
)
def test_a_wrong_argument_is_told(knowledge, given, said):
    with pytest.raises(TypeError, match=said):
        knowledge.add_content(**{"text_content": "tea", **given})
    assert knowledge.get_content() == ([], 0)


def test_an_empty_path_is_not_the_folder_that_the_program_runs_in(knowledge, tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("tea")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"path is empty; give path='\.'"):
        knowledge.add_content(path="")
    assert knowledge.get_content() == ([], 0)
    knowledge.add_content(path=".")
    assert list(rows(knowledge)) == ["secret.txt"]


def test_one_pattern_need_not_be_a_list(knowledge, tmp_path):
    for name in ("a.md", "b.txt"):
        (tmp_path / name).write_text("tea")
    knowledge.add_content(path=str(tmp_path), include="*.md")
    assert list(rows(knowledge)) == ["a.md"]


@both_colours
def test_what_fails_again_and_again_is_listed_once(knowledge, colour, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 and then nothing")
    (tmp_path / "locked.pdf").write_bytes(pdf("secret", password="pw"))
    for _ in range(3):
        ask(knowledge, colour, "add_content", path=str(tmp_path))
        ask(knowledge, colour, "add_content", topics=["tea"])  # no reader
    assert len(knowledge.get_content()[0]) == 3

    locked = {"path": str(tmp_path / "locked.pdf")}
    ask(knowledge, colour, "add_content", **locked, auth=ContentAuth(password="pw"))
    ask(knowledge, colour, "add_content", **locked, auth=ContentAuth(password="no"), skip_if_exists=False)
    ask(knowledge, colour, "add_content", **locked)  # it is there: what failed since changes nothing
    stored = [one.id for one in knowledge.get_content()[0] if one.status is ContentStatus.COMPLETED]
    assert [document.content_id for document in knowledge.search("secret", max_results=5)] == stored


@both_colours
def test_a_file_that_was_mended_takes_the_row_of_the_attempt_that_failed(knowledge, colour, tmp_path):
    file, missing = tmp_path / "report.pdf", tmp_path / "later.txt"
    file.write_bytes(b"%PDF-1.4 and then nothing")
    missing.symlink_to(tmp_path / "nowhere")  # cannot even be hashed
    for one in (file, missing):
        ask(knowledge, colour, "add_content", path=str(one))
    file.write_bytes(pdf("green tea"))
    (tmp_path / "nowhere").write_text("milk")
    for one in (file, missing):
        ask(knowledge, colour, "add_content", path=str(one))
    assert {one.status for one in knowledge.get_content()[0]} == {ContentStatus.COMPLETED}
    file.write_bytes(b"%PDF-1.4 and then nothing again")
    ask(knowledge, colour, "add_content", path=str(file))  # the version that can be read stays
    file.write_bytes(pdf("black tea"))
    ask(knowledge, colour, "add_content", path=str(file))
    rows = [one for one in knowledge.get_content()[0] if one.name == "report.pdf"]
    assert [one.status for one in rows] == [ContentStatus.COMPLETED]
    assert [one.content_id for one in knowledge.search("tea", max_results=1)] == [rows[0].id]


@both_colours
def test_files_that_are_gone_are_removed_when_that_is_asked_for(knowledge, colour, tmp_path):
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "deep/c.txt"):
        (folder / name).write_text(f"text of {name}")
    ask(knowledge, colour, "add_content", path=str(folder), metadata={"customer": 1})
    ask(knowledge, colour, "add_content", path=str(folder / "b.txt"), metadata={"customer": 2})
    ask(knowledge, colour, "add_content", name="Tea", text_content="green tea", metadata={"customer": 1})
    (folder / "b.txt").unlink()
    (folder / "deep" / "c.txt").unlink()
    ask(knowledge, colour, "add_content", path=str(folder), metadata={"customer": 1})
    assert count(knowledge) == 5  # as long as it is not asked for
    options = {"path": str(folder), "metadata": {"customer": 1}, "remove_missing": True}
    events = ingest(knowledge, colour, **options, exclude=["a.txt"])
    assert sorted(one.name for one in events[-1].removed) == ["b.txt", "c.txt"]
    assert sum(isinstance(event, ContentRemoved) for event in events) == 2
    assert sorted(found(knowledge, "text", filters={"customer": 1})) == ["green tea", "text of a.txt"]
    assert found(knowledge, "text", filters={"customer": 2}) == ["text of b.txt"] and len(rows(knowledge)) == 3
    folder.rename(tmp_path / "elsewhere")  # a folder that cannot be reached says nothing about its files
    ask(knowledge, colour, "add_content", **options)
    assert count(knowledge) == 3
    with pytest.raises(ValueError, match="give path="):
        ask(knowledge, colour, "add_content", text_content="x", remove_missing=True)
    with pytest.raises(ValueError, match="contents_db="):
        ask(Knowledge(vector_db=knowledge.vector_db), colour, "add_content", **options)


def test_an_asynchronous_caller_reads_several_at_once(knowledge):
    """Each waits until four are there: one after the other would wait for ever."""

    class Meeting:
        there = 0

        def read(self, source, name=None):
            raise AssertionError("the other colour")

        async def async_read(self, source, name=None):
            self.there += 1
            while self.there < 4:
                await asyncio.sleep(0)
            return [Document(f"about {source}")]

    topics = [f"topic {n}" for n in range(8)]
    ask(knowledge, "async", "add_content", topics=[*topics, topics[0]], reader=Meeting())
    assert {status for status, _ in rows(knowledge).values()} == {"completed"} and count(knowledge) == 8


def test_what_was_under_way_when_another_one_stopped_all_has_failed_with_it(knowledge, tmp_path):
    for n in range(6):
        (tmp_path / f"{n}.txt").write_text("\n".join(f"line {n} {k:04}" for k in range(150)))
    options = {"path": str(tmp_path), "reader": TextReader(chunk_size=12)}
    knowledge.vector_db.embedder.fails_at = 1
    with pytest.raises(ValueError, match="the embedder broke"):
        ask(knowledge, "async", "add_content", **options)
    assert "processing" not in {status for status, _ in rows(knowledge).values()}
    ask(knowledge, "async", "add_content", **options)
    assert count(knowledge) == 900 and {status for status, _ in rows(knowledge).values()} == {"completed"}


@both_colours
def test_a_file_that_is_too_large_is_refused_before_it_is_read(knowledge, colour, tmp_path):
    class Small(TextReader):
        max_bytes = 10

    (tmp_path / "huge.txt").write_bytes(b"x" * 100)
    ask(knowledge, colour, "add_content", path=str(tmp_path), reader=Small())
    assert "larger than" in rows(knowledge)["huge.txt"][1]


@both_colours
def test_two_hundred_megabytes_of_json_are_refused_and_the_others_are_added(knowledge, colour, tmp_path):
    with open(tmp_path / "huge.json", "wb") as huge:
        huge.truncate(200_000_001)
    (tmp_path / "small.txt").write_text("coffee")
    ask(knowledge, colour, "add_content", path=str(tmp_path))
    (tmp_path / "huge.json").unlink()
    said = rows(knowledge)
    assert said["huge.json"][0] == "failed" and "larger than 200" in said["huge.json"][1]
    assert said["small.txt"][0] == "completed" and count(knowledge) == 1


@both_colours
def test_a_reader_that_breaks_half_way_leaves_nothing(knowledge, colour):
    class Breaking(Reader):
        wants = "topic"

        def documents(self, source, name=None, password=None):
            yield from (Document(f"{source} {n}") for n in range(250))
            raise KeyError("oops")

    ask(knowledge, colour, "add_content", topics=["t"], reader=Breaking(chunk=False))
    assert rows(knowledge) == {"t": ("failed", "KeyError: 'oops'")} and count(knowledge) == 0


@both_colours
def test_an_embedder_that_fails_is_an_error_and_what_was_stored_is_used_again(knowledge, colour, tmp_path):
    (tmp_path / "large.txt").write_text("\n".join(f"line {n:06}" for n in range(500)))
    embedder, options = knowledge.vector_db.embedder, {"path": str(tmp_path), "reader": TextReader(chunk_size=12)}
    embedder.fails_at = 3
    with pytest.raises(ValueError, match="the embedder broke"):
        ask(knowledge, colour, "add_content", **options)
    status, message = rows(knowledge)["large.txt"]
    assert status == "failed" and message == "Could not upsert embedding: ValueError: the embedder broke"
    ask(knowledge, colour, "add_content", **options)
    assert embedder.batches == [100] * 5 and count(knowledge) == 500
    assert [one.status.value for one in knowledge.get_content()[0]] == ["completed"]


@both_colours
def test_small_files_that_wait_are_failed_with_the_one_that_stops_all(knowledge, colour, tmp_path):
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(f"text {n}")
    knowledge.vector_db.embedder.fails_at = 0
    with pytest.raises(ValueError, match="the embedder broke"):
        ask(knowledge, colour, "add_content", path=str(tmp_path))
    assert {status for status, _ in rows(knowledge).values()} == {"failed"} and count(knowledge) == 0


class Killed(BaseException):
    """The process ends here, as far as anybody can see."""


@both_colours
def test_an_attempt_that_was_killed_is_taken_up_with_its_row(knowledge, colour, tmp_path):
    (tmp_path / "a.txt").write_text("small one")
    (tmp_path / "b.txt").write_text("\n".join(f"line {n:06}" for n in range(450)))
    embedder, options = knowledge.vector_db.embedder, {"path": str(tmp_path), "reader": TextReader(chunk_size=12)}
    embedder.fails_at, embedder.error = 2, Killed()
    with pytest.raises(Killed):
        ask(knowledge, colour, "add_content", **options)
    before = {one.name: one.id for one in knowledge.get_content()[0]}
    assert {status for status, _ in rows(knowledge).values()} == {"processing"} and count(knowledge) == 200
    events = ingest(knowledge, colour, **options)
    begun = {event.content.name: event.resumed for event in events if isinstance(event, ContentStarted)}
    assert begun == {"a.txt": False, "b.txt": True}
    assert sum(embedder.batches) == 451 and count(knowledge) == 451
    assert {one.name: one.id for one in knowledge.get_content()[0]} == before
    assert {status for status, _ in rows(knowledge).values()} == {"completed"}
    assert ingest(knowledge, colour, **options)[-1].skipped and count(knowledge) == 451


def test_the_same_large_file_added_twice_at_once_is_there_once_and_whole(knowledge, tmp_path):
    (tmp_path / "b.txt").write_text("\n".join(f"line {n:06}" for n in range(450)))
    options = {"path": str(tmp_path), "reader": TextReader(chunk_size=12)}

    async def at_once():
        await asyncio.gather(*[knowledge.add_content_async(**options) for _ in range(3)])

    asyncio.run(at_once())
    stored = [record.content.strip() for record in knowledge.vector_db._records.values()]
    assert sorted(stored) == [f"line {n:06}" for n in range(450)]
    assert rows(knowledge) == {"b.txt": ("completed", "")} and knowledge.get_content()[1] == 1
    assert ingest(knowledge, "sync", **options)[-1].skipped


def test_a_file_that_is_read_again_in_other_chunks_has_only_those(knowledge, tmp_path):
    (tmp_path / "b.txt").write_text("\n".join(f"line {n:06}" for n in range(450)))
    knowledge.add_content(path=str(tmp_path), reader=TextReader(chunk_size=12))
    knowledge.add_content(path=str(tmp_path), reader=TextReader(chunk_size=24), skip_if_exists=False)
    assert count(knowledge) == 225 and knowledge.get_content()[1] == 1
    knowledge.add_content(path=str(tmp_path), reader=TextReader(chunk_size=5000), skip_if_exists=False)
    assert count(knowledge) == 2 and knowledge.get_content()[1] == 1


def test_who_stops_looking_stops_it(knowledge, tmp_path):
    for n in range(5):
        (tmp_path / f"{n}.txt").write_text(f"text {n}")
    for event in knowledge.ingest(path=str(tmp_path)):
        if event.content.name == "2.txt":
            break
    assert set(rows(knowledge)) == {"0.txt", "1.txt", "2.txt"}
    knowledge.add_content(path=str(tmp_path))
    assert len(rows(knowledge)) == len(knowledge.get_content()[0]) == 5 == count(knowledge)


def test_a_search_that_fails_does_not_look_empty(knowledge):
    knowledge.add_content(text_content="green tea")
    knowledge.vector_db.embedder.fails_at = 1
    with pytest.raises(ValueError, match="the embedder broke"):
        knowledge.search("tea")


# Filters, changing, removing -----------------------------------------------------------------------------------------


@both_colours
def test_known_keys_are_those_of_all_contents(knowledge, colour):
    assert knowledge.valid_metadata_filters is None and ask(knowledge, colour, "validate_filters", None) == ({}, [])
    knowledge.add_content(text_content="green tea", metadata={"kind": "leaf"})
    other = Knowledge(vector_db=knowledge.vector_db, contents_db=knowledge.contents_db)
    asked = {"kind": 1, "meta_data.kind": 2, "kind.deep": 3, "colour": 4}
    valid, invalid = ask(other, colour, "validate_filters", asked)
    assert set(valid) == {"kind", "meta_data.kind", "kind.deep"} and invalid == ["colour"]
    assert ask(other, colour, "get_filters") == ["kind"] and other.valid_metadata_filters == {"kind"}
    knowledge.add_content(text_content="mocha", metadata={"colour": "brown"})
    assert ask(other, colour, "validate_filters", asked)[1] == []
    assert ask(other, colour, "validate_filters", [EQ("new", 1)]) == ([EQ("new", 1)], [])
    other.add_filters({"own": 1})
    assert "own" in other.get_filters()


def test_expressions_filter_a_search(knowledge):
    for year in (2020, 2022):
        knowledge.add_content(text_content=f"tea of {year}", metadata={"year": year})
    assert found(knowledge, "tea", filters=[GT("year", 2021)]) == ["tea of 2022"]
    assert found(knowledge, "2020", search_type="keyword") == ["tea of 2020"]


@both_colours
def test_a_content_is_changed(knowledge, colour):
    knowledge.add_content(name="Tea", text_content="green tea", metadata={"a": 1})
    content = knowledge.get_content()[0][0]
    change = Content(id=content.id, name="Green", metadata={"b": 2}, status=ContentStatus.FAILED, status_message="why")
    row = ask(knowledge, colour, "patch_content", change)
    assert (row["name"], row["metadata"], row["status"], row["status_message"]) == ("Green", {"b": 2}, "failed", "why")
    assert knowledge.search("tea", filters={"b": 2})[0].meta_data.items() >= {"a": 1, "b": 2}.items()
    assert ask(knowledge, colour, "patch_content", Content(id="none")) is None


@both_colours
def test_contents_and_vectors_are_removed(knowledge, colour):
    for n in range(6):
        knowledge.add_content(name=f"n{n}", text_content=f"tea {n}", metadata={"n": n})
    contents = {one.name: one.id for one in knowledge.get_content()[0]}
    ask(knowledge, colour, "remove_content_by_id", contents["n0"])
    assert "n0" not in rows(knowledge) and count(knowledge) == 5
    row = knowledge.search("tea 1", filters={"n": 1})[0]
    assert ask(knowledge, colour, "remove_vector_by_id", row.id) is True
    assert ask(knowledge, colour, "remove_vectors_by_name", "n2") is True
    assert ask(knowledge, colour, "remove_vectors_by_metadata", {"n": 3}) is True
    assert ask(knowledge, colour, "remove_vectors_by_metadata", {"n": 3}) is False
    assert sorted(found(knowledge, "tea")) == ["tea 4", "tea 5"]
    ask(knowledge, colour, "remove_all_content")
    assert knowledge.get_content() == ([], 0) and count(knowledge) == 0


def test_isolated_knowledge_bases_share_a_database_unseen():
    db = InMemoryVectorDb(embedder=HashingEmbedder(8))
    one, two = (Knowledge(name=name, vector_db=db, isolate_vector_search=True) for name in ("one", "two"))
    one.add_content(text_content="green tea", metadata={"kind": "leaf"})
    two.add_content(text_content="black tea", metadata={"kind": "leaf"})
    assert found(one, "tea") == ["green tea"] and found(two, "tea", filters={"kind": "leaf"}) == ["black tea"]
    assert found(one, "tea", filters={"linked_to": "two"}) == []
    assert one.remove_vectors_by_metadata({"kind": "leaf"}) is True and found(two, "tea") == ["black tea"]
    with pytest.raises(ValueError, match="name="):
        Knowledge(vector_db=db, isolate_vector_search=True)


# A vector database of somebody else's --------------------------------------------------------------------------------


class Foreign(VectorDb):
    """The 22 methods, half of them without a body."""

    def __init__(self, upserts: bool = True):
        self.upserts, self.calls, self.made = upserts, [], False

    def exists(self):
        return self.made

    def create(self):
        self.made = True

    def content_hash_exists(self, content_hash):
        return any(call[1] == content_hash for call in self.calls)

    def upsert_available(self):
        return self.upserts

    def insert(self, content_hash, documents, filters=None):
        self.calls.append(("insert", content_hash, [document.content for document in documents], filters))

    def upsert(self, content_hash, documents, filters=None):
        self.calls.append(("upsert", content_hash, [document.content for document in documents], filters))

    def search(self, query, limit=5, filters=None):
        return [Document(f"{query} {limit} {filters}")]

    async def async_search(self, *args, **kwargs):
        raise NotImplementedError

    async_insert = async_upsert = async_search
    async_create = async_exists = async_drop = async_name_exists = async_search
    drop = delete = delete_by_id = delete_by_name = delete_by_metadata = delete_by_content_id = update_metadata = None
    name_exists = id_exists = None


@both_colours
def test_a_vector_database_of_22_methods_is_enough(colour):
    db = Foreign()
    knowledge = Knowledge(vector_db=db)
    assert db.made
    for skip in (True, True, False):
        ask(knowledge, colour, "add_content", text_content="tea", metadata={"a": 1}, skip_if_exists=skip)
    assert [call[0] for call in db.calls] == ["upsert", "insert"] and db.calls[0][2:] == (["tea"], {"a": 1})
    assert ask(knowledge, colour, "search", "q", 3, {"a": 1})[0].content == "q 3 {'a': 1}"
    plain = Foreign(upserts=False)
    ask(Knowledge(vector_db=plain), colour, "add_content", text_content="tea")
    assert plain.calls[0][0] == "insert"


def test_an_embedder_of_one_method_serves_knowledge():
    class Length(Embedder):
        def get_embedding(self, text):
            return [float(len(text)), 1.0]

    knowledge = Knowledge(vector_db=InMemoryVectorDb(embedder=Length(dimensions=2)))
    knowledge.add_content(text_content="green tea")
    assert found(knowledge, "tea") == ["green tea"]
