"""Where the results of evaluations go: a file, the database, the screen."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from agno.db._codec import plain_to_json
from agno.utils._terminal import standard_console
from agno.utils.string import whole


def store_result_in_file(
    file_path: str | os.PathLike[str], result: Any, eval_id: str | None = None, name: str | None = None
) -> Path:
    """Write a result, a dataclass, as indented JSON. `{name}` and `{eval_id}` in the path are filled; folders are made.

    What is filled in is never a folder: slashes in a name become underscores. Gives the path that was written.
    """
    template = os.fspath(file_path)
    path = Path(template.replace("{name}", _file_name(name)).replace("{eval_id}", _file_name(eval_id)))
    text = msgspec.json.format(plain_to_json(asdict(result)), indent=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def _file_name(value: str | None) -> str:
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]|^\.+$', "_", whole(value or "eval"))


def show(title: str, rows: Sequence[tuple[str, Any]], console: Any = None) -> None:
    """Print a table of names and values."""
    table = _table(title)
    table.add_column("Metric", style="bold")
    table.add_column("Value", overflow="fold")
    for name, value in rows:
        table.add_row(name, Text(str(value)))
    (console or standard_console()).print(table)


def show_columns(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], console: Any = None) -> None:
    """Print a table with a heading for each column."""
    table = _table(title)
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    (console or standard_console()).print(table)


def _table(title: str) -> Table:
    return Table(title=Text(title, style="bold"), title_justify="left", show_lines=False)


__all__ = ["show", "show_columns", "store_result_in_file"]
