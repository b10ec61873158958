"""Chunkers keep every letter, end, respect their sizes, and cut where they say they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agno.knowledge.chunking._text import cut, paragraphs, sentences
from agno.knowledge.chunking.agentic import AgenticChunking
from agno.knowledge.chunking.code import CodeChunking
from agno.knowledge.chunking.document import DocumentChunking
from agno.knowledge.chunking.fixed import FixedSizeChunking
from agno.knowledge.chunking.markdown import MarkdownChunking
from agno.knowledge.chunking.recursive import RecursiveChunking
from agno.knowledge.chunking.row import RowChunking
from agno.knowledge.chunking.semantic import SemanticChunking
from agno.knowledge.chunking.strategy import ChunkingStrategy, ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.document import Document
from agno.testing import ScriptedModel

few = settings(max_examples=40, deadline=None)
WORDS = st.lists(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30))
TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=300),
    st.builds(
        lambda words, gap: gap.join(words), WORDS, st.sampled_from([" ", "\n", "\n\n", ". ", "\n# ", "\r\n", "\t"])
    ),
)


class Letters:
    """An embedder that counts letters: equal words, equal direction."""

    def get_embedding(self, text: str) -> list[float]:
        return [float(text.lower().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"]

    async def async_get_embedding(self, text: str) -> list[float]:
        return self.get_embedding(text)


class Answering:
    """A model that always gives the same answer."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def response(self, messages: list[Any]) -> Any:
        return Document(self.answer)

    async def aresponse(self, messages: list[Any]) -> Any:
        return Document(self.answer)


SIZED: dict[str, Callable[[int], ChunkingStrategy]] = {
    "fixed": lambda size: FixedSizeChunking(size),
    "recursive": lambda size: RecursiveChunking(size),
    "document": lambda size: DocumentChunking(size),
    "markdown": lambda size: MarkdownChunking(size),
    "markdown sections": lambda size: MarkdownChunking(size, split_on_headings=True),
    "semantic": lambda size: SemanticChunking(Letters(), size),
    "agentic": lambda size: AgenticChunking(Answering("7"), size),
    "code": lambda size: CodeChunking(chunk_size=size, language="python"),
}


def letters(text: str) -> str:
    return "".join(text.replace("\x00", "").split())


def joined(chunks: list[Document]) -> str:
    return letters("".join(chunk.content for chunk in chunks))


@pytest.mark.parametrize("name", SIZED)
@few
@given(text=TEXTS, size=st.integers(1, 60))
@example(text="a" * 200, size=7)
@example(text="e\u0301" * 40, size=1)
@example(text="👩‍👩‍👧‍👦" * 12, size=5)
@example(text=".\n" * 50, size=3)
def test_nothing_is_lost_and_no_chunk_is_too_long(name: str, text: str, size: int) -> None:
    chunks = SIZED[name](size).chunk(Document(text, id="d"))
    assert joined(chunks) == letters(text)
    if len(text) > size:
        assert max((len(chunk.content) for chunk in chunks), default=0) <= size


@few
@given(text=TEXTS, skip=st.booleans())
def test_rows_lose_nothing_but_the_header(text: str, skip: bool) -> None:
    chunks = RowChunking(skip_header=skip).chunk(Document(text, id="d"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[skip:]
    assert joined(chunks) == letters("".join(lines))
    assert all(chunk.id == f"d_row_{chunk.meta_data['row_number']}" for chunk in chunks)


@pytest.mark.parametrize("make", [FixedSizeChunking, RecursiveChunking, DocumentChunking, MarkdownChunking])
@few
@given(text=TEXTS, sizes=st.tuples(st.integers(2, 60), st.integers(0, 59)).filter(lambda s: s[1] < s[0]))
@example(text="a b " * 40, sizes=(10, 9))  # a cut moved back behind the overlap once went on for ever
@example(text="x" * 50 + " " + "y" * 50, sizes=(20, 15))
def test_a_chunk_begins_with_the_end_of_the_one_before(make: Any, text: str, sizes: tuple[int, int]) -> None:
    size, overlap = sizes
    chunks = [chunk.content for chunk in make(size, overlap).chunk(Document(text, id="d"))]
    if len(text) <= size:
        return
    assert all(len(chunk) <= size for chunk in chunks)
    if make in (FixedSizeChunking, RecursiveChunking):
        whole = make(size).clean_text(text)
        assert _in_order(whole, chunks)


def _in_order(whole: str, chunks: list[str]) -> bool:
    """Each chunk is a piece of the text, and they come one behind the other."""
    position = 0
    for chunk in chunks:
        found = whole.find(chunk, position)
        if found < 0:
            return False
        position = found
    return True


@few
@given(
    text=st.text(max_size=400), sizes=st.tuples(st.integers(2, 40), st.integers(0, 39)).filter(lambda s: s[1] < s[0])
)
def test_cutting_is_exact(text: str, sizes: tuple[int, int]) -> None:
    size, overlap = sizes
    pieces = list(cut(text, size, overlap))
    rebuilt = "".join(piece if not number else piece[overlap:] for number, piece in enumerate(pieces))
    assert rebuilt == text
    assert all(after.startswith(before[-overlap:]) for before, after in pairwise(pieces) if overlap)


@few
@given(text=st.text(max_size=300))
def test_paragraphs_and_sentences_are_the_text_again(text: str) -> None:
    assert "".join(paragraphs(text)) == text == "".join(sentences(text))


def test_a_letter_stays_with_its_accent() -> None:
    pieces = list(cut("e\u0301" * 10, 5))
    assert all(not piece.startswith("\u0301") for piece in pieces)


def test_an_emoji_of_several_code_points_stays_whole_where_it_fits() -> None:
    family = "👩‍👩‍👧‍👦"  # seven code points
    assert {*cut(family * 4, 10)} == {family}


@pytest.mark.parametrize("make", [FixedSizeChunking, RecursiveChunking, DocumentChunking, MarkdownChunking])
def test_an_overlap_as_long_as_a_chunk_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="overlap=10 of .* less than chunk_size=10"):
        make(chunk_size=10, overlap=10)
    with pytest.raises(ValueError, match="chunk_size=0"):
        make(chunk_size=0)


def test_chunks_have_numbers_and_sizes_and_keep_the_facts_of_their_document() -> None:
    document = Document("one two three", id="d", name="n", meta_data={"page": 4}, content_id="c")
    chunks = FixedSizeChunking(8).chunk(document)
    assert [(c.id, c.name, c.content, c.meta_data, c.content_id) for c in chunks] == [
        ("d_1", "n", "one two ", {"page": 4, "chunk": 1, "chunk_size": 8}, "c"),
        ("d_2", "n", "three", {"page": 4, "chunk": 2, "chunk_size": 5}, "c"),
    ]
    assert document.meta_data == {"page": 4}
    assert FixedSizeChunking(8).chunk(Document("one two three", name="n"))[0].id == "n_1"


def test_a_document_that_is_short_enough_is_not_touched() -> None:
    document = Document("short   text", id="d")
    assert RecursiveChunking().chunk(document) == [document] == DocumentChunking().chunk(document)


def test_cleaning_keeps_lines_and_indentation() -> None:
    cleaned = FixedSizeChunking().clean_text("a  b\t c \r\n\r\n\r\n\r\n    d  e\x00")
    assert cleaned == "a b c\n\n    d e"


def test_recursive_cuts_at_lines_then_at_full_stops() -> None:
    texts = [c.content for c in RecursiveChunking(20).chunk(Document("One. Two. Three. Four.\nfive six seven", id="d"))]
    assert texts == ["One. Two. Three.", " Four.\n", "five six seven"]


def test_a_large_overlap_of_recursive_chunks_is_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    RecursiveChunking(100, 15)
    assert "15 %" not in caplog.text
    RecursiveChunking(100, 16)
    assert "overlap=16 is more than 15 % of chunk_size=100" in caplog.text


def test_document_chunks_are_whole_paragraphs() -> None:
    text = "First paragraph.\n\nSecond one.\n\n" + "A long third. " * 4
    texts = [c.content for c in DocumentChunking(32).chunk(Document(text, id="d"))]
    assert texts[0] == "First paragraph.\n\nSecond one."
    assert all(text.startswith("A long third.") for text in texts[1:])


def test_document_chunks_are_prefixed_with_the_end_of_the_one_before() -> None:
    texts = [c.content for c in DocumentChunking(20, 4).chunk(Document("First part.\n\nSecond part.", id="d"))]
    assert texts == ["First part.", "art.Second part."]


def test_markdown_is_cut_at_its_headings_but_not_within_code() -> None:
    text = "# One\n\nfirst\n\n```sh\n# no heading\n```\n\nTwo\n---\n\nsecond\n"
    chunks = MarkdownChunking(split_on_headings=True).chunk(Document(text, id="d"))
    assert [c.content for c in chunks] == ["# One\n\nfirst\n\n```sh\n# no heading\n```", "Two\n---\n\nsecond"]


def test_rows_are_counted_and_cleaned() -> None:
    chunks = RowChunking(skip_header=True).chunk(Document("a,b\n1,  2\n\n3,4\n", id="d"))
    assert [(c.id, c.content, c.meta_data["row_number"]) for c in chunks] == [
        ("d_row_2", "1, 2", 2),
        ("d_row_4", "3,4", 4),
    ]
    assert RowChunking(clean_rows=False).chunk(Document("1,  2", id="d"))[0].content == "1,  2"


CATS_AND_DOGS = (
    "The cats catch a cat that acts. A cat at a catch acts. Dogs good on god do good. Good dogs do dig in mud."
)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_semantic_chunks_end_where_the_theme_changes(colour: str) -> None:
    chunker = SemanticChunking(Letters(), similarity_threshold=0.7)
    document = Document(CATS_AND_DOGS, id="d")
    chunks = chunker.chunk(document) if colour == "sync" else asyncio.run(chunker.achunk(document))
    assert [c.content.split()[-1] for c in chunks] == ["acts.", "mud."]


def test_semantic_chunking_takes_what_an_embedder_says_about_failures() -> None:
    class Broken(Letters):
        def get_embedding(self, text: str) -> list[float]:
            raise RuntimeError("the embedder is down")

    with pytest.raises(RuntimeError, match="down"):
        SemanticChunking(Broken()).chunk(Document(CATS_AND_DOGS, id="d"))


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_model_decides_where_to_cut(colour: str) -> None:
    model = ScriptedModel("6", "7")
    chunker = AgenticChunking(model, max_chunk_size=8)
    document = Document("Hello. World! Bye", id="d")
    chunks = chunker.chunk(document) if colour == "sync" else asyncio.run(chunker.achunk(document))
    assert [c.content for c in chunks] == ["Hello.", " World!", " Bye"]


@pytest.mark.parametrize("answer", ["0", "-3", "9999", "I would not cut", "", "3.5", "between 2 and 5"])
def test_an_answer_that_is_no_place_is_not_used(answer: str) -> None:
    chunks = AgenticChunking(Answering(answer), max_chunk_size=8).chunk(Document("Hello big world", id="d"))
    assert [c.content for c in chunks] == ["Hello ", "big ", "world"] or [c.content for c in chunks] == [
        "Hello ",
        "big world",
    ]
    assert joined(chunks) == "Hellobigworld"


PROGRAM = '''import os


def first():
    """Says one."""
    return 1


class Second:
    def third(self):
        return 3

    def fourth(self):
        return 4
'''


def test_code_is_cut_between_functions_and_methods() -> None:
    chunks = CodeChunking(chunk_size=70, language="python").chunk(Document(PROGRAM, id="d"))
    assert [c.content.strip().splitlines()[0] for c in chunks] == ["import os", "class Second:", "def fourth(self):"]
    assert joined(chunks) == letters(PROGRAM)


def test_the_language_is_seen_from_the_name() -> None:
    code = "function a() { return 1 }\n\nfunction b() { return 2 }\n"
    chunks = CodeChunking(chunk_size=30).chunk(Document(code, id="d", name="shop.js"))
    assert [c.content for c in chunks] == ["function a() { return 1 }", "function b() { return 2 }"]
    with pytest.raises(ValueError, match=r"CodeChunking\(language='python'\)"):
        CodeChunking(chunk_size=30).chunk(Document(code, id="d", name="shop.txt"))


def test_a_grammar_that_is_not_there_is_named() -> None:
    with pytest.raises(ImportError, match="pip install tree-sitter tree-sitter-cobol"):
        CodeChunking(chunk_size=3, language="cobol").chunk(Document("ABCDEF", id="d"))


def test_code_is_counted_as_asked() -> None:
    chunks = CodeChunking("word", chunk_size=4, language="python").chunk(Document("a = 1\nb = 2\n", id="d"))
    assert [c.content for c in chunks] == ["a = 1", "b = 2"]
    assert len(CodeChunking(lambda text: 1, chunk_size=1, language="python").chunk(Document(PROGRAM, id="d"))) == 1


def test_deep_nesting_is_no_trap() -> None:
    code = "(" * 3000 + ")" * 3000
    assert joined(CodeChunking(chunk_size=100, language="python").chunk(Document(code, id="d"))) == code


@pytest.mark.parametrize("kind", ChunkingStrategyType)
def test_every_chunker_is_made_by_its_name_and_takes_a_size(kind: ChunkingStrategyType) -> None:
    found = ChunkingStrategyType.from_string(f" {kind.value} ")
    chunker = ChunkingStrategyFactory.create_strategy(found, chunk_size=123)
    assert kind is ChunkingStrategyType.ROW_CHUNKER or chunker.chunk_size == 123  # type: ignore[attr-defined]


def test_an_unknown_chunker_is_refused() -> None:
    with pytest.raises(
        ValueError, match="Unsupported chunking strategy: 'fixedsizechunker'. Use one of AgenticChunker"
    ):
        ChunkingStrategyType.from_string("fixedsizechunker")


def test_a_chunker_of_ones_own_has_both_colours() -> None:
    class Halves(ChunkingStrategy):
        def chunk(self, document: Document) -> list[Document]:
            middle = len(document.content) // 2
            return [Document(document.content[:middle]), Document(document.content[middle:])]

    assert [c.content for c in asyncio.run(Halves().achunk(Document("abcd")))] == ["ab", "cd"]


# work that grew with the square of these would meet the time limit of the suite
LONG = {
    "words": "word " * 200_000,
    "dots": "." * 300_000,
    "a deep indent": "a\n" + " " * 300_000 + "x",
    "empty lines": "a" + "\n" * 300_000 + "b",
    "open quotes": "." + "'" * 300_000,
    "headings": "# a\n" * 5_000,
}


@pytest.mark.parametrize("name", ["fixed", "recursive", "document", "markdown"])
@pytest.mark.parametrize("text", LONG)
def test_a_long_text_is_no_trouble(name: str, text: str) -> None:
    assert joined(SIZED[name](5000).chunk(Document(LONG[text], id="d"))) == letters(LONG[text])
