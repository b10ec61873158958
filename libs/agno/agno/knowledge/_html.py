"""HTML as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urljoin

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import kind_of
from agno.knowledge._need import need

HTML_PACKAGES = {"bs4": "beautifulsoup4"}

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "canvas",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "head",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_SPACES = re.compile(r"[^\S\n]+")
_GAPS = re.compile(r"\n{3,}")
_ENOUGH = 200  # characters that the main part of a page has at least


@dataclass
class HtmlPage:
    """What a page says. `links` are absolute http(s) addresses without fragments, in order, each once."""

    title: str
    text: str
    links: list[str] = field(default_factory=list)


def page_of(markup: bytes, url: str = "", charset: str | None = None, label: str = "The page") -> HtmlPage:
    """Title, text and links of a page. ReaderError if the markup is something else."""
    if (kind := kind_of(markup[:4096])) not in (None, "HTML"):
        raise ReaderError(f"{label} is no HTML: it looks like {kind}.")
    bs4 = need("bs4", "beautifulsoup4", "Reading HTML")
    soup = bs4.BeautifulSoup(markup, "html.parser", from_encoding=charset)
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    return HtmlPage(" ".join(title.split()), _text_of_page(soup), list(_links(soup, url)))


def _text_of_page(soup: Any) -> str:
    whole = ""
    for part in (soup.find("main"), soup.find("article"), soup.find(attrs={"role": "main"}), soup.body, soup):
        if part is not None:
            whole = _text(part)
            if len(whole) >= _ENOUGH or part.name in ("body", "[document]"):
                break
    return whole


def _text(root: Any) -> str:
    """The text below a tag. A stack, not a recursion: pages nest deeper than Python's calls."""
    pieces: list[str] = []
    in_pre = 0
    waiting: list[tuple[Any, bool]] = [(root, True)]
    while waiting:
        node, opens = waiting.pop()
        name = getattr(node, "name", None)
        if name is None:
            if type(node).__name__ in ("NavigableString", "CData"):
                pieces.append(str(node) if in_pre else _SPACES.sub(" ", str(node).replace("\n", " ")))
            continue
        if name in _SKIPPED and node is not root:
            continue
        in_pre += (name == "pre") * (1 if opens else -1)
        pieces.append(_opening(name) if opens else _closing(name))
        if opens:
            waiting.append((node, False))
            waiting += [(child, True) for child in reversed(node.contents)]
    return _tidy("".join(pieces))


def _opening(name: str) -> str:
    if len(name) == 2 and name[0] == "h" and name[1].isdigit():
        return "\n\n" + "#" * int(name[1]) + " "
    # a cell begins with its mark, because its end is often not written
    return {"li": "\n- ", "br": "\n", "tr": "\n", "td": " | ", "th": " | "}.get(name) or (
        "\n\n" if name in _BLOCKS else ""
    )


def _closing(name: str) -> str:
    return "" if name in ("li", "tr", "br") else "\n\n" if name in _BLOCKS else ""


def _tidy(text: str) -> str:
    lines = [line.strip() if not line.startswith("    ") else line.rstrip() for line in text.split("\n")]
    lines = ["" if line in ("-", "|") else line.removeprefix("| ") for line in lines]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip("\n")


def _links(soup: Any, url: str) -> Iterator[str]:
    base = soup.find("base", href=True)
    start = urljoin(url, base["href"]) if base else url
    seen: set[str] = set()
    for tag in soup.find_all("a", href=True):
        try:
            link = urldefrag(urljoin(start, tag["href"].strip())).url
        except ValueError:  # such as an address with half a bracket
            continue
        if link.startswith(("http://", "https://")) and link not in seen:
            seen.add(link)
            yield link


__all__ = ["HTML_PACKAGES", "HtmlPage", "page_of"]
