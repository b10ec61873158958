"""Knowledge in one SQLite file, found by meaning and by words, and filtered. A second process embeds nothing again.

Needs: pip install "agno[sqlite-vec]"

Prints:
    3 added, 0 skipped
    0 added, 3 skipped
    everybody: Tea is picked in spring.
    only coffee: Coffee is roasted for twelve minutes.
"""

from typing import Any

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.sqlite import SqliteVec

TEXTS = {
    "Tea is picked in spring.": "tea",
    "Coffee is roasted for twelve minutes.": "coffee",
    "Cocoa is fermented for a week.": "cocoa",
}


def opened() -> Knowledge:
    """As each process of yours would open it. With a key: OpenAIEmbedder()."""
    store = SqliteVec(
        "drinks",
        db_file="knowledge.db",
        embedder=HashingEmbedder(),
        search_type="hybrid",
    )
    return Knowledge(vector_db=store, contents_db=SqliteDb(db_file="contents.db"))


def added(knowledge: Knowledge) -> str:
    done: list[Any] = [
        list(knowledge.ingest(text_content=text, name=kind, metadata={"drink": kind}))[-1]
        for text, kind in TEXTS.items()
    ]
    return f"{sum(len(one.completed) for one in done)} added, {sum(len(one.skipped) for one in done)} skipped"


if __name__ == "__main__":
    print(added(opened()))
    knowledge = opened()
    print(added(knowledge))

    (first,) = knowledge.search("When is tea picked?", max_results=1)
    print(f"everybody: {first.content}")
    (first,) = knowledge.search("When is tea picked?", max_results=1, filters={"drink": "coffee"})
    print(f"only coffee: {first.content}")
