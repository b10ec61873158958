"""What searches by LangChain and LlamaIndex: their own stores, in memory."""

from __future__ import annotations

import asyncio

import pytest

from agno.filters import EQ
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.langchaindb import LangChainVectorDb
from agno.vectordb.llamaindex import LlamaIndexVectorDb
from vectordb.contract import texts

EMBEDDER = HashingEmbedder(dimensions=64)
TEXTS = ["green tea", "tea from far away", "milk"]


@pytest.fixture(scope="module")
def store():
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import VectorStore

    class Ours(Embeddings):
        def embed_query(self, text):
            return EMBEDDER.get_embedding(text)

        def embed_documents(self, texts):
            return list(map(EMBEDDER.get_embedding, texts))

    class Store(VectorStore):
        """LangChain's own, in memory, needs numpy, and takes functions for filters."""

        kept = [(text, Ours().embed_query(text), {"n": n, "kind": "drink"}) for n, text in enumerate(TEXTS)]

        def similarity_search(self, query, k=4, filter=None, **kwargs):
            from langchain_core.documents import Document

            vector = Ours().embed_query(query)
            rows = [row for row in self.kept if all(row[2].get(key) == value for key, value in (filter or {}).items())]
            rows.sort(key=lambda row: -sum(a * b for a, b in zip(vector, row[1], strict=True)))
            return [Document(page_content=row[0], metadata=row[2], id=str(row[2]["n"])) for row in rows[:k]]

        @classmethod
        def from_texts(cls, texts, embedding, metadatas=None, **kwargs):
            raise NotImplementedError

    return Store()


def both(db, *args, **kwargs):
    """What a search gives, which is the same in both colours."""
    found = db.search(*args, **kwargs)
    awaited = asyncio.run(db.async_search(*args, **kwargs))
    assert [(one.content, one.meta_data) for one in found] == [(one.content, one.meta_data) for one in awaited]
    return found


@pytest.mark.knowledge
class TestLangChain:
    def test_it_finds_what_is_near_up_to_the_limit(self, store):
        db = LangChainVectorDb(vectorstore=store)
        assert texts(both(db, "green tea", limit=2)) == ["green tea", "tea from far away"]
        (found,) = both(db, "milk", limit=1)
        assert (found.id, found.meta_data) == ("2", {"n": 2, "kind": "drink"})
        assert both(db, "  ") == [] and db.exists() is True
        with pytest.raises(ValueError, match="limit"):
            db.search("tea", limit=0)

    def test_filters_go_to_the_store(self, store):
        db = LangChainVectorDb(vectorstore=store, search_kwargs={"filter": {"kind": "drink"}})
        assert texts(both(db, "green tea", limit=5, filters={"n": 2})) == ["milk"]
        assert both(db, "tea", filters={"n": 9}) == []
        with pytest.raises(ValueError, match="another value"):
            db.search("tea", filters={"kind": "food"})

    def test_filters_that_nobody_would_look_at_are_refused(self, store):
        retriever = store.as_retriever()
        assert texts(both(LangChainVectorDb(knowledge_retriever=retriever), "milk", limit=1)) == ["milk"]
        for db, filters in (
            (LangChainVectorDb(knowledge_retriever=retriever), {"n": 1}),
            (LangChainVectorDb(vectorstore=store), EQ("n", 1)),
            (LangChainVectorDb(vectorstore=store, search_kwargs={"filter": len}), {"n": 1}),
        ):
            with pytest.raises(NotImplementedError):
                db.search("tea", filters=filters)

    def test_it_says_what_it_needs(self):
        with pytest.raises(ValueError, match="needs vectorstore="):
            LangChainVectorDb()


@pytest.mark.knowledge
class TestLlamaIndex:
    @pytest.fixture
    def retriever(self):
        from llama_index.core.retrievers import BaseRetriever
        from llama_index.core.schema import NodeWithScore, TextNode

        class Retriever(BaseRetriever):
            def _retrieve(self, query):
                words = set(query.query_str.split())
                nodes = [TextNode(text=text, id_=str(n), metadata={"n": n}) for n, text in enumerate(TEXTS)]
                scored = [NodeWithScore(node=node, score=len(words & set(node.text.split()))) for node in nodes]
                return sorted(scored, key=lambda one: -one.score)

        return Retriever()

    def test_it_finds_what_the_retriever_finds_up_to_the_limit(self, retriever):
        db = LlamaIndexVectorDb(retriever)
        assert texts(both(db, "green tea", limit=2)) == ["green tea", "tea from far away"]
        (found,) = both(db, "milk", limit=1)
        assert (found.id, found.meta_data) == ("2", {"n": 2})

    def test_filters_are_refused(self, retriever):
        with pytest.raises(NotImplementedError, match="retriever"):
            LlamaIndexVectorDb(retriever).search("tea", filters={"n": 1})

    def test_the_loader_is_called_once(self, retriever):
        calls = []
        db = LlamaIndexVectorDb(retriever, loader=lambda: calls.append(1))
        both(db, "tea")
        assert calls == [1]

    def test_it_says_what_it_needs(self):
        with pytest.raises(ValueError, match="no retriever"):
            LlamaIndexVectorDb("index")


def test_what_writes_is_refused_with_a_sentence():
    db = LangChainVectorDb(vectorstore=object())
    for write in (
        lambda: db.insert("h", []),
        lambda: asyncio.run(db.async_upsert("h", [])),
        lambda: db.delete_by_id("x"),
        lambda: db.update_metadata("c", {}),
        db.drop,
        db.delete,
    ):
        with pytest.raises(NotImplementedError, match="only searches"):
            write()
    db.create()
    assert (db.name_exists("x"), db.id_exists("x"), db.content_hash_exists("h")) == (False, False, False)
    assert db.upsert_available() is False
