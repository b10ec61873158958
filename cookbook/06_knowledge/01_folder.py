"""A folder becomes knowledge that an agent answers from. A file that changed is read again, the others are not.

Prints:
    2 added, 0 skipped, 1 failed: broken.pdf is no PDF: it looks like something else.
    1 added, 1 skipped
    The kitchen is open from nine to six.
"""

from pathlib import Path

from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.in_memory import InMemoryVectorDb

FILES = {
    "hours.md": "# Opening hours\n\nThe kitchen is open from nine to five.\n",
    "menu.csv": "drink,price\ncoffee,3.00\ntea,2.50\n",
    "broken.pdf": "not a PDF at all",
}

# With a key: OpenAIEmbedder(). To keep the vectors: LanceDb, PgVector, Qdrant or ChromaDb.
knowledge = Knowledge(
    vector_db=InMemoryVectorDb(embedder=HashingEmbedder(), search_type="hybrid"),
    contents_db=SqliteDb(db_file="contents.db"),
)

if __name__ == "__main__":
    folder = Path("docs")
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    *_, done = knowledge.ingest(path="docs")
    (failed,) = done.failed
    print(
        f"{len(done.completed)} added, {len(done.skipped)} skipped, {len(done.failed)} failed: {failed.status_message}"
    )

    (folder / "broken.pdf").unlink()
    (folder / "hours.md").write_text(FILES["hours.md"].replace("five", "six"))
    *_, done = knowledge.ingest(path="docs")
    print(f"{len(done.completed)} added, {len(done.skipped)} skipped")

    (document,) = knowledge.search("When is the kitchen open?", max_results=1)
    print(document.content.splitlines()[-1])
