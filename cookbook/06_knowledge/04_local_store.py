"""A store in a file, without a server: what is changed, added and gone in a folder is brought up to date.

Prints:
    2 added, 0 skipped, 0 removed
    1 added, 1 skipped, 1 removed
    The garden opens in May.
    LocalVectorDb has vectors of hashing with 256 numbers, and hashing makes 64: ...
"""

from pathlib import Path

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.local import LocalVectorDb

# The same with a package: SqliteVec("docs", "vectors.db"), DuckDb("docs", "vectors.duckdb"), LanceDb(table_name="docs", uri="lance"),
# Milvus("docs", uri="milvus.db"), SurrealDb(client=Surreal("file://surreal"), collection="docs"), Qdrant("docs", path="qdrant").
knowledge = Knowledge(
    vector_db=LocalVectorDb("vectors.db", embedder=HashingEmbedder()),
    contents_db=SqliteDb(db_file="contents.db"),
)


def bring_up_to_date() -> None:
    *_, done = knowledge.ingest(path="notes", remove_missing=True)
    print(f"{len(done.completed)} added, {len(done.skipped)} skipped, {len(done.removed)} removed")


if __name__ == "__main__":
    notes = Path("notes")
    notes.mkdir()
    (notes / "kitchen.md").write_text("The kitchen is open from nine to six.")
    (notes / "pool.md").write_text("The pool is closed.")
    bring_up_to_date()

    (notes / "pool.md").unlink()
    (notes / "garden.md").write_text("The garden opens in May.")
    bring_up_to_date()
    print(knowledge.search("the garden in May", max_results=1)[0].content)

    try:
        LocalVectorDb("vectors.db", embedder=HashingEmbedder(dimensions=64)).search("garden")
    except ValueError as error:
        print(error)
