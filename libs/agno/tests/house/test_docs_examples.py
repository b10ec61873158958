"""Every Python block of README and docs runs, without a key and without the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from house.imports import REPOSITORY
from house.running import run_alone

_BLOCK = re.compile(r"(?:<!--\s*no-run:\s*(?P<reason>.+?)\s*-->\s*\n)?^```python\n(?P<source>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Example:
    """A block of a document; with a reason it is compiled only."""

    document: str
    line: int
    source: str
    reason: str | None

    @property
    def name(self) -> str:
        return f"{self.document}:{self.line}"


def examples_in(text: str, document: str) -> list[Example]:
    """The Python blocks of a Markdown text."""
    return [
        Example(document, text.count("\n", 0, block.start("source")) + 1, block["source"], block["reason"])
        for block in _BLOCK.finditer(text)
    ]


def _documents() -> list[Path]:
    return [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]


EXAMPLES = [
    example
    for path in _documents()
    for example in examples_in(path.read_text(encoding="utf-8"), str(path.relative_to(REPOSITORY)))
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs(example: Example, tmp_path: Path) -> None:
    code = compile(example.source, example.name, "exec")
    assert code.co_code, "an empty example shows nothing"
    if example.reason is None:
        run_alone(example.source, example.name, tmp_path)


def test_the_readme_shows_examples_that_run() -> None:
    readme = [example for example in EXAMPLES if example.document == "README.md"]
    assert len([example for example in readme if example.reason is None]) >= 3


def test_a_block_is_found_with_its_line_and_its_reason_not_to_run() -> None:
    text = "# T\n\n<!-- no-run: needs a key -->\n```python\na = 1\n```\n\n```python\nb = 2\n```\n\n```sh\nls\n```\n"
    assert examples_in(text, "x.md") == [
        Example("x.md", 5, "a = 1\n", "needs a key"),
        Example("x.md", 9, "b = 2\n", None),
    ]


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(REPOSITORY)} -> {target}"
        for path in [*_documents(), *sorted((REPOSITORY / "cookbook").rglob("*.md"))]
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []
