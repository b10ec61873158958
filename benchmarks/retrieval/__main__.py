"""`python -m benchmarks.retrieval`: hit@1 and hit@5 of vector, keyword and hybrid search, with the model MiniLM.

A question is hit if one of the first five chunks is of the right file and holds the words that answer it. The last two columns
are hit@5 of every other question and of those between: what is chosen by the one half is to be judged by the other.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agno.cli import _filling
from agno.cli._documents import PassageReader
from agno.knowledge import Knowledge
from agno.knowledge.content import FileData
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.embedder.minilm import MiniLMEmbedder
from agno.knowledge.reader.markdown_reader import MarkdownReader
from agno.vectordb.local import LocalVectorDb

ROOT = Path(__file__).resolve().parent.parent.parent
QUESTIONS = Path(__file__).with_name("questions.tsv")
KINDS = ("vector", "keyword", "hybrid")
Find = Callable[[str], list[tuple[str, str]]]  # a question -> file and text of the best chunks


class Question(NamedTuple):
    text: str
    file: str  # below the repository
    answer: str  # words of one line of it

    def rank(self, found: list[tuple[str, str]]) -> int | None:
        """The place of the first chunk that answers, from 1."""
        wanted = _flat(self.answer)
        places = (n for n, (file, text) in enumerate(found, 1) if file == self.file and wanted in _flat(text))
        return next(places, None)


class Remembering(MiniLMEmbedder):
    """The same texts are asked for by every way to search; each is computed once."""

    known: dict[str, list[float]] = {}

    async def embed_batch(self, io: Any, texts: list[str]) -> Any:
        missing = [text for text in texts if text not in self.known]
        if missing:
            vectors, _ = await super().embed_batch(io, missing)
            self.known.update(zip(missing, vectors, strict=True))
        return [self.known[text] for text in texts], None


def questions() -> list[Question]:
    """The labelled set."""
    return [Question(*line.split("\t")) for line in QUESTIONS.read_text().splitlines()]


def _flat(text: str) -> str:
    return " ".join(text.split())


def knowledge_of(file: Path, embedder: object) -> Knowledge:
    """The documents in chunks of about a thousand characters."""
    knowledge = Knowledge(vector_db=LocalVectorDb(file, embedder=embedder))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        knowledge.add_content(path=str(path), name=_name(path), reader=MarkdownReader(chunk_size=1000))
    return knowledge


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def by_knowledge(knowledge: Knowledge, kind: str) -> Find:
    """`Knowledge.search`."""

    def find(question: str) -> list[tuple[str, str]]:
        found = knowledge.search(question, max_results=5, search_type=kind)
        return [(str(one.name), one.content) for one in found]

    return find


def by_ask(folder: Path, kind: str, meaning: float) -> Find:
    """What `agno ask docs` finds."""
    store = _filling.store_at(str(folder / f"ask-{kind}.db"), kind)
    store.meaning = meaning
    if kind == "minilm":
        store.embedder = Remembering()
    knowledge = Knowledge(vector_db=store)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        data = FileData(path.read_bytes(), filename=_name(path))
        knowledge.add_content(name=_name(path), file_data=data, reader=PassageReader())
    return lambda question: [(str(hit.record.name), hit.record.content) for hit in store.find(question, 5)]


def _hits(ranks: list[tuple[Question, int | None]], most: int) -> float:
    return sum(rank is not None and rank <= most for _, rank in ranks) / len(ranks)


def shown(name: str, find: Find, misses: bool) -> float:
    """Print the figures of a way to search; gives hit@5."""
    ranks = [(question, question.rank(find(question.text))) for question in questions()]
    first, five = _hits(ranks, 1), _hits(ranks, 5)
    tuning, testing = _hits(ranks[::2], 5), _hits(ranks[1::2], 5)
    print(f"{name:<44} {first:>6.1%} {five:>6.1%} {tuning:>7.1%} {testing:>7.1%}", flush=True)
    for question, rank in ranks:
        if misses and rank is None:
            print(f"    missed: {question.text} ({question.file})")
    return five


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--misses", action="store_true", help="name the questions that are not answered")
    parser.add_argument("--embedder", choices=("minilm", "hashing"), default="minilm")
    parser.add_argument("--cache", type=Path, help="keep the vectors in this folder")
    parser.add_argument(
        "--meaning", type=float, nargs="*", help="how much vectors count in agno ask; several to compare"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{len(questions())} questions, embedder {options.embedder}{'':<13} hit@1  hit@5  5, odd  5, even")
        embedder = Remembering() if options.embedder == "minilm" else HashingEmbedder()
        knowledge = knowledge_of(folder / f"docs-{options.embedder}.db", embedder)
        hits = {kind: shown(f"Knowledge, {kind}", by_knowledge(knowledge, kind), options.misses) for kind in KINDS}
        for meaning in options.meaning or [_filling.MEANING[options.embedder]]:
            shown(f"agno ask, vectors count {meaning}", by_ask(folder, options.embedder, meaning), options.misses)
    return 0 if hits["hybrid"] >= max(hits.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
