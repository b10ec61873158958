"""Chunks of whole functions and classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import PurePath
from typing import Any

from agno.knowledge.chunking._text import check_sizes, chunks_of, last_line, last_space
from agno.knowledge.chunking._text import cut as cut_text
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document

# suffix -> language; its grammar is the package tree-sitter-<language>
LANGUAGES = {
    **dict.fromkeys((".py", ".pyi"), "python"),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx"), "javascript"),
    **dict.fromkeys((".c", ".h"), "c"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp"), "cpp"),
    **dict.fromkeys((".sh", ".bash"), "bash"),
    **{".ts": "typescript", ".tsx": "tsx", ".go": "go", ".rs": "rust", ".java": "java", ".rb": "ruby", ".php": "php"},
    **{".cs": "c-sharp", ".kt": "kotlin", ".swift": "swift", ".scala": "scala", ".lua": "lua", ".html": "html"},
    **{".css": "css", ".json": "json", ".sql": "sql", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"},
}
_ENTRY = {"typescript": ("typescript", "language_typescript"), "tsx": ("typescript", "language_tsx")}
_ENTRY["php"] = ("php", "language_php")
_WORD = re.compile(r"\w+|[^\w\s]")

Count = Callable[[str], int]


class CodeChunking(ChunkingStrategy):
    """Packs the parts of a program's syntax tree; a part that is too long is opened, down to its lines.

    `chunk_size` is counted by `tokenizer`: "character", "word", the name of an encoding of tiktoken, or a function from text
    to a number. `language` is the name of a tree-sitter grammar, such as "python"; "auto" goes by the suffix of the
    document's name, or of `path` or `file_path` in its facts. Needs tree-sitter and the grammar's package.
    """

    def __init__(self, tokenizer: str | Count = "character", chunk_size: int = 2048, language: str = "auto") -> None:
        check_sizes("CodeChunking", chunk_size, 0)
        self.tokenizer = tokenizer
        self.chunk_size = chunk_size
        self.language = language

    def chunk(self, document: Document) -> list[Document]:
        """The chunks of a program. Joined, they are the program again, but for blank lines."""
        count = _counter(self.tokenizer)
        code = document.content.replace("\r\n", "\n").replace("\x00", "")
        if count(code) <= self.chunk_size:
            return chunks_of(document, [code])
        source = code.encode("utf-8", "surrogatepass")
        tree = _parser(self._language_of(document)).parse(source)
        parts = _parts(tree.root_node, source, lambda text: count(text) <= self.chunk_size)
        return chunks_of(document, (text.strip("\n") for text in self._packed(parts, count)))

    def _packed(self, parts: Iterator[str | None], count: Count) -> Iterator[str]:
        packed = ""
        for part in parts:
            if part is None:
                yield packed
                packed = ""
                continue
            for piece in [part] if count(part) <= self.chunk_size else self._lines(part, count):
                if packed and count(packed + piece) > self.chunk_size:
                    yield packed
                    packed = ""
                packed += piece
        yield packed

    def _lines(self, part: str, count: Count) -> Iterator[str]:
        """A part without parts, such as a long string. Its size in characters is guessed from its size in tokens."""
        size = max(1, len(part) * self.chunk_size // max(1, count(part)))
        while size > 1 and any(count(piece) > self.chunk_size for piece in cut_text(part, size)):
            size //= 2
        return cut_text(part, size, boundaries=(last_line, last_space))

    def _language_of(self, document: Document) -> str:
        if self.language != "auto":
            return self.language
        names = (document.meta_data.get("path"), document.meta_data.get("file_path"), document.name)
        suffixes = [PurePath(str(name)).suffix.lower() for name in names if name]
        found = next((LANGUAGES[suffix] for suffix in suffixes if suffix in LANGUAGES), None)
        if found is None:
            raise ValueError(
                f"The language of {document.name or document.id!r} is not to be seen from a suffix: "
                "give it, for example CodeChunking(language='python')."
            )
        return found


def _parts(root: Any, source: bytes, fits: Callable[[str], bool]) -> Iterator[str | None]:
    """The source in pieces that fit, or that have no parts. A piece begins with what lies between it and the one before.

    None comes before a statement that has to be opened: its head belongs to its body, not to the statement before.
    """
    waiting = [(root, 0, len(source), False)]  # a stack, not a recursion: a tree may be deeper than Python's calls
    while waiting:
        node, start, end, is_statement = waiting.pop()
        text = source[start:end].decode("utf-8", "surrogatepass")
        children = node.children
        if not children or fits(text):
            yield text
            continue
        if is_statement:
            yield None
        waiting += reversed(_opened(children, source, start, end))


def _opened(children: list[Any], source: bytes, start: int, end: int) -> list[tuple[Any, int, int, bool]]:
    """The children with their places, and whether they are statements: on a line of their own, behind another one."""
    found = []
    for number, child in enumerate(children):
        stop = end if number == len(children) - 1 else child.end_byte
        if stop > start:
            follows = number > 0 and children[number - 1].is_named
            found.append((child, start, stop, follows and b"\n" in source[start : child.start_byte]))
            start = stop
    return found


def _counter(tokenizer: str | Count) -> Count:
    if not isinstance(tokenizer, str):
        return tokenizer
    if tokenizer == "character":
        return len
    if tokenizer == "word":
        return lambda text: len(_WORD.findall(text))
    try:
        encoding = import_module("tiktoken").get_encoding(tokenizer)
    except ImportError as error:
        raise ImportError(f"tokenizer={tokenizer!r} needs `tiktoken`. Install it with: pip install tiktoken") from error
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _parser(language: str) -> Any:
    package, entry = _ENTRY.get(language, (language, "language"))
    try:
        tree_sitter = import_module("tree_sitter")
        grammar = import_module(f"tree_sitter_{package.replace('-', '_')}")
    except ImportError as error:
        packages = f"tree-sitter tree-sitter-{package}"
        raise ImportError(
            f"CodeChunking of {language} needs a grammar. Install it with: pip install {packages}"
        ) from error
    return tree_sitter.Parser(tree_sitter.Language(getattr(grammar, entry)()))


__all__ = ["CodeChunking"]
