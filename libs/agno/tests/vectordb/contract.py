"""What every vector database must do, in both colours. Subclass `VectorDbContract` and give it `make`."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any

import pytest

from agno._io import ASYNC, SYNC, Portal, drive
from agno.filters import AND, EQ, GT, GTE, IN, LT, LTE, NEQ, NOT, OR
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb._conditions import conditions, holds
from agno.vectordb._records import prepared
from agno.vectordb._store import StoreMethods
from agno.vectordb.base import VectorDb
from agno.vectordb.distance import Distance
from agno.vectordb.search import SearchType

HOSTILE = [
    "' OR '1'='1", '"; DROP TABLE x; --', "%", "_", "\\", "a'b\"c`d", "%s {0} $1 :x ? @@", "x\u0000y", "$ne", "a.b", ".",
    "Grüße 日本語 👩‍👩‍👧", "\ud83d half", "line\nbreak\ttab", "[*]", "__proto__", "k" * 3000, " ", "null", "*/ /* #",
]  # fmt: skip

# One of everything that metadata may be, by the content of the document.
SHELF: dict[str, dict[str, Any]] = {
    "green tea": {"kind": "leaf", "year": 2019, "tags": ["hot", "cold"], "maker": {"city": "Rome", "age": 9}},
    "black tea": {"kind": "leaf", "year": 2021, "tags": [], "maker": {}, "since": "2021-05-01"},
    "iced coffee": {"kind": "bean", "year": 2021.5, "tags": ["cold"], "since": "2024-02-29T12:00:00+02:00"},
    "hot coffee": {"kind": "bean", "year": "2021", "organic": True, "note": None},
    "plain milk": {"kind": None, "year": True, "organic": 1, "maker.city": "Rome"},
    "pure water": {},
}

FILTERS: list[Any] = [
    {"kind": "leaf"},
    {"kind": "leaf", "year": 2019},
    {"kind": "leaf", "year": 2020},
    {"kind": None},
    {"nothing": None},
    {"organic": True},
    {"organic": 1},
    {"year": "2021"},
    {"year": 2021.0},
    {"meta_data.kind": "bean"},
    {"tags": "cold"},
    {"tags": ["cold", "hot"]},
    {"tags": []},
    {"maker": {"city": "Rome"}},
    {"maker": {}},
    {"maker.city": "Rome"},
    EQ("kind", "bean"),
    NEQ("kind", "bean"),
    IN("kind", ["bean", "leaf"]),
    IN("kind", []),
    NOT(IN("kind", [])),
    AND(),
    OR(),
    GT("year", 2019),
    GTE("year", 2019),
    LT("year", 2021.2),
    LTE("year", 2021),
    GT("since", "2021-05-01"),
    GTE("since", date(2021, 5, 1)),
    LT("since", datetime(2024, 2, 29, 10, 0, 1, tzinfo=timezone.utc)),
    NOT(GT("year", 2020)),
    NOT(LTE("since", "2023-01-01")),
    GT("maker.age", 8),
    [EQ("kind", "bean"), LT("year", 3000)],
    AND(OR(EQ("kind", "leaf"), AND(EQ("kind", "bean"), NOT(EQ("tags", "cold")))), NOT(EQ("year", 2019))),
    NOT(AND(EQ("kind", "leaf"), OR(EQ("tags", "hot"), NOT(EQ("year", 2021))))),
    NOT(NOT(EQ("kind", "leaf"))),
    OR(AND(), EQ("kind", "x")),
    AND(OR(), EQ("kind", "leaf")),
]


class Face:
    """A vector database by its synchronous or its asynchronous methods."""

    portal = Portal()

    def __init__(self, db: VectorDb, asynchronous: bool) -> None:
        self._db, self._asynchronous = db, asynchronous

    def __getattr__(self, name: str) -> Any:
        twin = getattr(self._db, f"async_{name}", None) if self._asynchronous else None
        if twin is None:
            return getattr(self._db, name)
        return lambda *args, **kwargs: self.portal.run(twin(*args, **kwargs))


class Doing:
    """Does what `Knowledge` asks of a store, in one colour."""

    def __init__(self, store: Any, colour: str) -> None:
        self.store, self.asynchronous = store, colour == "async"

    def __call__(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        if self.asynchronous:
            return Face.portal.run(method(ASYNC, *args, **kwargs))
        return drive(method(SYNC, *args, **kwargs))

    def begun(self, content_hash: str, skip: bool = True) -> Any:
        """An attempt at a content in pieces that has begun."""
        pieces = self.store.pieces(content_hash)
        assert self(pieces.begin, "a content", skip) is True
        return pieces


def texts(documents: list[Document]) -> list[str]:
    return [document.content for document in documents]


class VectorDbContract:
    """The suite for every vector database."""

    differences: dict[str, str] = {}  # test name -> reason; the test must then fail
    refused: dict[str, str] = {}  # the text of a filter -> why the product has no words for it; it must be refused
    numbers = itertools.count(1)
    many = 10_000  # rows that are more than it takes at once

    def make(self, name: str, **options: Any) -> VectorDb:
        """A store with a collection of this name, on the same server or in the same folder each time."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _expect_the_differences(self, request: pytest.FixtureRequest) -> None:
        reason = self.differences.get(request.node.originalname)
        if reason is not None:
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))

    @pytest.fixture
    def name(self) -> str:
        return f"shelf_{next(self.numbers)}"

    @pytest.fixture(params=["sync", "async"])
    def colour(self, request) -> str:
        return request.param

    @pytest.fixture
    def embedder(self) -> HashingEmbedder:
        return HashingEmbedder(dimensions=64)

    @pytest.fixture
    def db(self, name, colour, embedder):
        made = self.make(name, embedder=embedder)
        yield Face(made, colour == "async")
        made.drop()

    @pytest.fixture(scope="class")
    @classmethod
    def shelf(cls):
        made = cls().make(f"shelf_{next(cls.numbers)}", embedder=HashingEmbedder(dimensions=64))
        made.insert("shelf", [Document(text, meta_data=metadata) for text, metadata in SHELF.items()])
        yield made
        made.drop()

    # The collection --------------------------------------------------------------------------------------------------

    def test_a_new_database_has_nothing_and_says_so(self, db):
        assert db.exists() is False
        assert db.search("tea") == []
        assert db.name_exists("x") is db.id_exists("x") is db.content_hash_exists("x") is False
        assert db.delete() is db.delete_by_id("x") is db.delete_by_name("x") is db.delete_by_content_id("x") is False
        assert db.delete_by_metadata({"a": 1}) is False
        db.update_metadata("x", {"a": 1})
        db.drop()
        db.optimize()
        assert db.exists() is False

    def test_it_is_made_dropped_and_made_again(self, db, name, embedder):
        for round in range(2):
            db.create()
            db.create()
            assert db.exists() is True and db.search("tea") == []
            db.insert("h", [Document(f"tea {round}")])
            assert texts(db.search("tea")) == [f"tea {round}"]
            other = Face(self.make(name, embedder=embedder), db._asynchronous)
            assert other.exists() is True and texts(other.search("tea")) == [f"tea {round}"]
            db.drop()
            assert db.exists() is False and db.search("tea") == []

    def test_the_first_write_makes_the_collection(self, db):
        db.upsert("h", [Document("tea")])
        assert db.exists() is True and db.content_hash_exists("h") is True

    def test_all_documents_are_removed_and_the_collection_stays(self, db):
        db.insert("h", [Document("tea"), Document("milk")])
        assert db.delete() is True
        assert db.exists() is True and db.search("tea") == [] and db.content_hash_exists("h") is False

    # Storing ---------------------------------------------------------------------------------------------------------

    def test_a_document_comes_back_as_it_was_stored(self, db, embedder):
        metadata = {
            "page": 3,
            "deep": {"a": [1, {"b": None}], "é": 1.5},
            "ok": True,
            "none": None,
            "empty": [],
            "text": "x",
        }
        document = Document("green tea", name="Tea", meta_data=metadata, content_id="c1")
        db.insert("h", [document], filters={"tenant": "a"})
        (found,) = db.search("tea")
        assert found.content == "green tea" and found.name == "Tea" and found.content_id == "c1"
        assert found.meta_data == {**metadata, "tenant": "a"}
        assert found.embedding == pytest.approx(embedder.get_embedding("green tea"), abs=1e-6)
        assert found.usage == {"prompt_tokens": 2}
        assert document.meta_data == metadata and "tenant" not in document.meta_data
        assert db.id_exists(found.id) and db.name_exists("Tea") and db.content_hash_exists("h")
        assert not db.id_exists("h") and not db.name_exists("tea") and not db.content_hash_exists("H")

    def test_a_document_without_name_usage_and_metadata_comes_back_without(self, db, embedder):
        db.insert("h", [Document("tea", embedding=embedder.get_embedding("tea"))])
        (found,) = db.search("tea")
        assert (found.name, found.usage, found.meta_data, found.content_id) == (None, None, {}, None)

    def test_nothing_is_stored_of_nothing(self, db):
        db.insert("h", [])
        db.upsert("h", [])
        assert not db.content_hash_exists("h")

    def test_inserting_the_same_twice_stores_it_once(self, db):
        for _ in range(2):
            db.insert("h", [Document("tea"), Document("tea"), Document("milk", meta_data={"a": 1})])
        assert sorted(texts(db.search("tea", limit=10))) == ["milk", "tea"]

    def test_equal_texts_of_two_contents_are_two_rows(self, db):
        db.insert("one", [Document("tea", content_id="1")])
        db.insert("two", [Document("tea", content_id="2")])
        assert texts(db.search("tea")) == ["tea", "tea"]
        assert db.delete_by_content_id("1") is True
        assert [document.content_id for document in db.search("tea")] == ["2"]

    def test_an_upsert_replaces_what_is_there_of_the_content(self, db):
        db.insert("h", [Document("green tea"), Document("black tea")])
        db.insert("other", [Document("red tea")])
        db.upsert("h", [Document("black tea"), Document("white tea")])
        assert sorted(texts(db.search("tea", limit=10))) == ["black tea", "red tea", "white tea"]
        db.upsert("h", [])
        assert texts(db.search("tea", limit=10)) == ["red tea"]
        assert db.upsert_available() is True

    def test_a_vector_of_another_length_is_refused(self, db):
        with pytest.raises(ValueError, match="has 2 numbers"):
            db.insert("h", [Document("tea", embedding=[1.0, 0.0])])

    def test_a_vector_with_what_is_no_number_is_refused(self, db, embedder):
        for wrong in (math.nan, math.inf):
            vector = [wrong, *[1.0] * (embedder.dimensions - 1)]
            with pytest.raises(ValueError, match="infinite or not a number"):
                db.insert("h", [Document("tea", embedding=vector)])

    def test_vectors_of_another_embedder_are_not_compared(self, db, embedder):
        if not db._db.looks_up:
            return  # it would cost too much there, and the service itself refuses vectors of another length
        db.insert("h", [Document("tea")])
        for other in (replace(embedder, id="another"), replace(embedder, dimensions=embedder.dimensions * 2)):
            db._db.embedder = other
            for use in (lambda: db.search("tea"), lambda: db.insert("i", [Document("milk")])):
                with pytest.raises(ValueError, match=r"has vectors of|keeps vectors of"):
                    use()
        db._db.embedder = embedder
        assert texts(db.search("tea")) == ["tea"]

    def test_many_write_at_the_same_time(self, name, embedder, colour):
        db = Face(self.make(name, embedder=embedder), colour == "async")
        db.create()
        with ThreadPoolExecutor(8) as pool:
            same = [pool.submit(db.upsert, "same", [Document("tea"), Document("milk")]) for _ in range(4)]
            others = [pool.submit(db.upsert, f"h{n}", [Document(f"tea number {n}")]) for n in range(8)]
            for future in [*same, *others]:
                future.result()
        found = texts(db.search("tea", limit=50))
        assert sorted(found) == sorted(["tea", "milk", *[f"tea number {n}" for n in range(8)]])
        db.drop()

    def test_a_content_in_pieces_is_complete_at_its_end(self, name, embedder, colour):
        made = self.make(name, embedder=embedder)
        do = Doing(made, colour)
        old, new, other = ("s" * 32 + "1" * 32, "s" * 32 + "2" * 32, "o" * 32 + "2" * 32)
        for content_hash, text in ((old, "old tea"), (other, "other tea")):
            do(made.put_contents, [(content_hash, [Document(text, content_id=text)], {"k": 1})])
        assert do(made.other_contents, {new: "new", other: "other tea"}) == {new: {"old tea"}, other: set()}
        assert do(made.has_draft, new) is False
        pieces = do.begun(new)
        for n in range(3):
            do(pieces.add, [Document(f"tea {n}", content_id="first"), Document("tea 0", content_id="first")], {"k": 1})
        assert do(made.has_draft, new) is True and made.content_hash_exists(new) is False
        assert made.content_hash_exists(old) is True
        assert do(pieces.publish, "second") is True
        do(pieces.end)
        assert made.content_hash_exists(new) is True and made.content_hash_exists(old) is False
        found = made.search("tea", limit=10, filters={"k": 1})
        ids = {(document.content, document.content_id) for document in found}
        assert ids == {*((f"tea {n}", "second") for n in range(3)), ("other tea", "other tea")} and len(found) == 4
        pieces = do.begun(new, skip=False)
        do(pieces.add, [Document("tea 1", content_id="third")], {"k": 1})
        do(pieces.publish, "third")
        do(pieces.end)
        assert sorted(texts(made.search("tea", limit=10))) == ["other tea", "tea 1"]
        pieces = do.begun(new, skip=False)
        do(pieces.add, [Document("tea 9"), Document("tea 8")], None)
        do(pieces.drop)
        do(pieces.end)
        assert sorted(texts(made.search("tea", limit=10))) == ["other tea", "tea 1"]
        made.drop()

    def test_the_chunks_of_a_content_in_pieces_are_written_once(self, name, embedder, colour):
        made = self.make(name, embedder=embedder)
        own = type(made)._put_new is not StoreMethods._put_new  # else it ends in `_put`
        place = "_put_new" if own else "_put"
        written, put = [], getattr(made, place)

        async def counted(io: Any, records: Any) -> None:
            written.extend(record.content for record in records)
            await put(io, records)

        setattr(made, place, counted)
        do, new = Doing(made, colour), "n" * 64
        pieces = do.begun(new)
        for n in range(2):  # the chunk that both have is the draft, and stays it
            do(pieces.add, [Document("tea", content_id="c"), Document(f"tea {n}", content_id="c")], None)
            assert do(made.has_draft, new) is True and made.content_hash_exists(new) is False
        assert sorted(written) == ["tea", "tea 0", "tea 1"]
        do(pieces.publish, "c")
        do(pieces.end)
        assert made.content_hash_exists(new) is True and len(written) <= 4
        assert sorted(texts(made.search("tea", limit=10))) == ["tea", "tea 0", "tea 1"]
        made.drop()

    def test_small_contents_take_the_places_of_older_versions_together(self, name, embedder, colour):
        made = self.make(name, embedder=embedder)
        do, erase = Doing(made, colour), made._erase
        old = [(place * 32 + "1" * 32, [Document(f"old {place}"), Document("both")], None) for place in "ab"]
        new = [(place * 32 + "2" * 32, [Document(f"new {place}"), Document("both")], None) for place in "abc"]
        do(made.put_contents, old)

        async def dies(io: Any, where: Any) -> None:
            raise KeyError

        made._erase = dies
        try:
            do(made.put_contents, new)
        except (
            KeyError
        ):  # where all is not one transaction: who dies in the middle of it does not leave what looks complete
            assert not any(made.content_hash_exists(content_hash) for content_hash, _, _ in new)
        made._erase = erase
        do(made.put_contents, new)
        assert sorted(texts(made.search("both", limit=20))) == ["both", "both", "both", "new a", "new b", "new c"]
        assert all(made.content_hash_exists(content_hash) for content_hash, _, _ in new)
        assert not any(made.content_hash_exists(content_hash) for content_hash, _, _ in old)
        made.drop()

    def test_an_attempt_waits_for_the_one_under_way_and_goes_on_where_it_stopped(self, name, embedder, colour):
        made = self.make(name, embedder=embedder)
        do, new = Doing(made, colour), "n" * 64
        first = do.begun(new)
        do(first.add, [Document("red tea"), Document("green tea")], None)
        second = made.pieces(new)
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(do, second.begin, "n")
            do(made.pieces(new).drop)  # what another one stores stays
            assert do(made.has_draft, new) is True and not waits.done()
            do(first.end)  # it was left, and neither published nor dropped
            assert waits.result(60) is True
        do(second.add, [Document("green tea"), Document("white tea")], None)
        do(second.publish, None)
        do(second.end)
        assert sorted(texts(made.search("tea", limit=10))) == ["green tea", "white tea"]  # what it was this time
        third = made.pieces(new)
        assert do(third.begin, "n") is False
        do(third.end)
        made.drop()

    # Deleting and changing -------------------------------------------------------------------------------------------

    def test_documents_are_deleted_by_what_they_are(self, db):
        db.insert(
            "h", [Document(f"tea {n}", name=f"name{n}", meta_data={"n": n}, content_id=f"c{n}") for n in range(6)]
        )
        one = next(document for document in db.search("tea", limit=10) if document.content == "tea 0")
        assert db.delete_by_id(one.id) is True and db.delete_by_id(one.id) is False
        assert db.delete_by_name("name1") is True and db.delete_by_name("name1") is False
        assert db.delete_by_content_id("c2") is True and db.delete_by_content_id("c2") is False
        assert db.delete_by_metadata({"n": 3}) is True and db.delete_by_metadata({"n": 3}) is False
        assert sorted(texts(db.search("tea", limit=10))) == ["tea 4", "tea 5"]
        assert db.delete_by_content_hash("h") is True and db.search("tea") == []

    def test_an_empty_filter_deletes_nothing(self, db):
        db.insert("h", [Document("tea")])
        with pytest.raises(ValueError, match="delete()"):
            db.delete_by_metadata({})
        assert texts(db.search("tea")) == ["tea"]

    def test_metadata_is_added_and_found_by(self, db):
        db.insert("h", [Document("tea", meta_data={"a": 1, "b": 1}, content_id="c"), Document("milk", content_id="d")])
        db.update_metadata("c", {"b": 2, "new": ["x"]})
        (found,) = db.search("tea", filters={"b": 2, "new": "x"})
        assert found.meta_data == {"a": 1, "b": 2, "new": ["x"]} and found.content_id == "c"
        assert db.search("tea", filters={"b": 1}) == []
        assert texts(db.search("milk")) != [] and db.content_hash_exists("h")

    # Searching -------------------------------------------------------------------------------------------------------

    def test_the_nearest_comes_first_and_the_limit_holds(self, db):
        db.insert("h", [Document("tea from far away"), Document("green tea"), Document("milk"), Document("tea")])
        assert texts(db.search("green tea", limit=3)) == ["green tea", "tea", "tea from far away"]
        assert texts(db.search("green tea", limit=1)) == ["green tea"]
        assert len(db.search("green tea", limit=100)) == 4
        assert db.search("  ") == []
        with pytest.raises(ValueError, match="limit"):
            db.search("tea", limit=0)

    def test_every_measure_finds_the_nearest_and_says_how_near(self, name, embedder):
        for distance in sorted(Distance):
            options = {"embedder": embedder, "distance": distance}
            try:
                db = self.make(f"{name}_{distance.value}", **options)
            except ValueError as refusal:
                assert "measure" in str(refusal)
                continue
            db.insert("h", [Document("green tea"), Document("tea"), Document("milk")])
            assert texts(db.search("green tea", limit=2)) == ["green tea", "tea"], distance
            near = self.make(f"{name}_{distance.value}", similarity_threshold=0.99, **options)
            assert texts(near.search("green tea")) == ["green tea"], distance
            db.drop()

    @pytest.mark.parametrize("filters", FILTERS, ids=repr)
    def test_a_filter_finds_what_it_says(self, shelf, filters):
        reason = self.refused.get(repr(filters))
        if reason:
            with pytest.raises((ValueError, NotImplementedError)):
                shelf.search("tea", limit=10, filters=filters)
            return
        records = prepared("shelf", [Document(text, meta_data=metadata) for text, metadata in SHELF.items()], None)
        expected = sorted(record.content for record in records if holds(conditions(filters), record))
        for kind in sorted(shelf.search_types - {SearchType.keyword}):
            assert sorted(texts(shelf.search("tea", limit=10, filters=filters, search_type=kind))) == expected

    def test_what_is_no_filter_is_refused(self, shelf):
        for wrong in ("kind", 3, {1: "x"}, GT("kind", "leaf"), GT("year", None)):
            with pytest.raises((TypeError, ValueError)):
                shelf.search("tea", filters=wrong)

    def test_a_filter_comes_before_the_limit(self, db):
        db.insert("h", [Document(f"green tea {'x ' * n}", meta_data={"n": n}) for n in range(30)])
        assert [document.meta_data["n"] for document in db.search("green tea", limit=1, filters={"n": 29})] == [29]

    def test_two_tenants_do_not_see_each_other(self, name, colour, embedder):
        for kind in sorted(SearchType):
            made = self.make(f"{name}_{kind.value}", embedder=embedder)
            if kind not in made.search_types:
                continue
            db = Face(made, colour == "async")
            for tenant in ("a", "b"):
                db.insert(tenant, [Document(f"tea {n} of {tenant}") for n in range(5)], filters={"tenant": tenant})
            for tenant in ("a", "b"):
                found = db.search(f"tea of {tenant}", limit=10, filters={"tenant": tenant}, search_type=kind)
                assert len(found) == 5 and all(text.endswith(tenant) for text in texts(found)), kind
            assert db.search("tea", limit=10, filters={"tenant": "c"}, search_type=kind) == []
            assert db.delete_by_metadata({"tenant": "a"}) is True
            assert all(text.endswith("b") for text in texts(db.search("tea", limit=10, search_type=kind)))
            made.drop()

    def test_words_are_found_by_the_keyword_search(self, name, colour, embedder):
        made = self.make(name, embedder=embedder)
        if SearchType.keyword not in made.search_types:
            with pytest.raises(ValueError, match="no keyword search"):
                made.search("tea", search_type="keyword")
            return
        db = Face(self.make(name, embedder=embedder, search_type="keyword"), colour == "async")
        db.insert("h", [Document("the cat sat"), Document("a dog ran away"), Document("the cat and the other cat")])
        assert sorted(texts(db.search("cat"))) == ["the cat and the other cat", "the cat sat"]
        assert texts(db.search("dog")) == ["a dog ran away"]
        db.insert("h2", [Document("one more dog")])
        assert sorted(texts(db.search("dog"))) == ["a dog ran away", "one more dog"]
        assert db.search("zebra") == []
        for odd in ["' OR 1=1 --", '"cat', "cat & | ! ( ) : *", "cat AND", "-", "\u0000", "(((", "cat:dog^2~"]:
            db.search(odd)
        made.drop()

    def test_meaning_and_words_count_in_the_hybrid_search(self, name, colour, embedder):
        made = self.make(name, embedder=embedder)
        if SearchType.hybrid not in made.search_types:
            with pytest.raises(ValueError, match="no hybrid search"):
                made.search("tea", search_type="hybrid")
            return
        db = Face(self.make(name, embedder=embedder, search_type="hybrid"), colour == "async")
        db.insert("h", [Document("green tea"), Document("coffee"), Document("milk and tea")])
        assert db.search("green tea", limit=2)[0].content == "green tea"
        assert len(db.search("green tea", limit=2)) == 2
        made.drop()

    def test_a_reranker_has_the_last_word(self, name, colour, embedder):
        class Shortest:
            def rerank(self, query, documents):
                return sorted(documents, key=lambda document: len(document.content))

        class AwaitedShortest(Shortest):
            async def arerank(self, query, documents):
                return self.rerank(query, documents)

        for kind in (Shortest, AwaitedShortest):
            db = Face(self.make(name, embedder=embedder, reranker=kind()), colour == "async")
            db.upsert("h", [Document("green tea from china"), Document("green tea"), Document("tea")])
            assert texts(db.search("green tea from china", limit=3)) == ["tea", "green tea", "green tea from china"]
        db.drop()

    # Strange strings and many rows -----------------------------------------------------------------------------------

    def test_no_string_can_do_harm(self, db):
        whole = {text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in HOSTILE}
        documents = [
            Document(f"tea {text}", name=text, meta_data={text: text, "k": text, "list": [text]}, content_id=text)
            for text in HOSTILE
        ]
        db.insert("h", documents)
        db.insert("safe", [Document("safe tea", meta_data={"safe": True})])
        for text in HOSTILE:
            for filters in ({text: text}, {"k": text}, {"list": [text]}, AND(EQ("k", text), NOT(EQ("safe", True)))):
                found = db.search("tea", limit=50, filters=filters)
                assert [document.name for document in found] == [whole[text]], (text, filters)
                assert found[0].meta_data["k"] == whole[text] and found[0].content == f"tea {whole[text]}"
            assert db.name_exists(text) and db.search("tea", filters=EQ("safe", text)) == []
            assert not db.id_exists(text) and not db.content_hash_exists(text)
            db.search(text)
        for text in HOSTILE:
            db.update_metadata(text, {text: "changed"})
            assert [document.name for document in db.search("tea", filters={text: "changed"})] == [whole[text]]
            assert db.delete_by_metadata({text: "changed"}) is True
        assert texts(db.search("tea", limit=50)) == ["safe tea"]

    def test_thousands_of_rows_are_stored_and_searched(self, name):
        made = self.make(name, embedder=HashingEmbedder(dimensions=16))
        documents = [
            Document(f"row {n}", meta_data={"n": n, "group": n % 10}, embedding=[1.0, n / self.many, *[0.0] * 14])
            for n in range(self.many)
        ]
        for start in range(0, self.many, 2_500):
            made.insert("h", documents[start : start + 2_500])
        half = self.many // 2
        found = made.search("x", limit=3, filters=AND(EQ("group", 7), LT("n", half)))
        assert len(found) == 3 and all(d.meta_data["n"] % 10 == 7 and d.meta_data["n"] < half for d in found)
        assert made.delete_by_metadata(GTE("n", 100)) is True
        assert len(made.search("x", limit=200)) == 100
        made.drop()
