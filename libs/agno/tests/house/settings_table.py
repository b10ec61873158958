"""What each setting means, as the comments in the source say: `python settings_table.py --write` renews docs/settings.md."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parents[1] / "agno"
PAGE = HERE.parents[3] / "docs" / "settings.md"
BEGIN, END = "<!-- {}: made by `make surface` -->", "<!-- end of {} -->"

CLASSES = (
    ("agents and teams", "agent/_settings.py", "CommonSettings"),
    ("teams", "team/team.py", "Team"),
    ("workflows", "workflow/workflow.py", "Workflow"),
)


@dataclass
class Setting:
    """A setting: its name, its default as the source writes it, what it means, and the heading it stands under."""

    name: str
    default: str
    meaning: str
    heading: str


def settings_of(file: str, cls: str) -> list[Setting]:
    """The settings of a class, in their order. A comment behind a setting, or in the line above it, is its meaning; one
    below an empty line is a heading."""
    source = (LIBRARY / file).read_text(encoding="utf-8")
    lines = source.splitlines()
    node = next(one for one in ast.parse(source).body if isinstance(one, ast.ClassDef) and one.name == cls)
    found, heading = [], ""
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if "ClassVar" in ast.unparse(item.annotation) or item.target.id.startswith("_"):
            continue
        above = list(_comments_above(lines, item.lineno - 1))
        if above and not lines[item.lineno - 2 - len(above)].strip():
            heading = above.pop(0)
        behind = lines[item.lineno - 1].rpartition("  # ")[2] if "  # " in lines[item.lineno - 1] else ""
        default = "" if "Derived" in ast.unparse(item.value or item.target) else ast.unparse(item.value or item.target)
        found.append(Setting(item.target.id, default, behind or " ".join(above), heading))
    return found


def _comments_above(lines: list[str], index: int) -> Iterator[str]:
    start = index
    while (match := re.match(r"\s+# (.*)", lines[start - 1])) is not None:
        start -= 1
        if match[1].startswith(("type:", "fmt:")):
            return
    for line in lines[start:index]:
        yield line.strip().removeprefix("# ")


def table(settings: list[Setting]) -> str:
    """The settings as Markdown: a table for each heading."""
    parts: list[str] = []
    heading = None
    for one in settings:
        if one.heading != heading or not parts:
            heading = one.heading
            title = [f"**{heading}**", ""] if heading else []
            parts += ["", *title, "| Setting | Default | Meaning |", "|---|---|---|"]
        default = f"`{one.default}`" if one.default else ""
        meaning = one.meaning.replace("<", "\\<").replace("|", "\\|")
        parts.append(f"| `{one.name}` | {default} | {meaning} |")
    return "\n".join(parts).strip()


def renewed(page: str) -> str:
    """The page with its tables as the source has them."""
    for title, file, cls in CLASSES:
        begin, end = BEGIN.format(title), END.format(title)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n\n{table(settings_of(file, cls))}\n\n{end}{after}"
    return page


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
