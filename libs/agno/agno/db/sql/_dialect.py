"""Where SQL products differ, as attributes and as the few expressions that each writes in its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.types import UserDefinedType


class JsonText(UserDefinedType[str]):
    """A JSON column that is written from text, and read as text with a cast: the store encodes and decodes itself."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSON"


class Dialect(ABC):
    """A product, as far as it differs from others."""

    name: ClassVar[str]  # what is said to people
    schemes: ClassVar[tuple[str, ...]]  # how its URLs begin; the first is what SQLAlchemy calls it
    driver: ClassVar[str]  # for a URL that names none
    async_driver: ClassVar[str]
    packages: ClassVar[str]  # the extra of the distribution that installs the driver
    example: ClassVar[str]  # a URL

    json: ClassVar[sa.types.TypeEngine[Any]] = JsonText()
    pads: ClassVar[bool] = False  # spaces at the end of a text do not count in comparisons
    nulls_last: ClassVar[bool] = False  # null is the largest value when sorting; everywhere else it is the smallest
    free_autocommit: ClassVar[bool] = False  # switching a connection to autocommit needs no round trip
    version: ClassVar[sa.ColumnElement[str] | None] = None  # what changes with every write of a row
    # codes of errors after which the server took everything back and the same may be tried again
    try_again: ClassVar[frozenset[str | int]] = frozenset()
    no_table: ClassVar[frozenset[str | int]] = frozenset()  # codes of the error for a table that is not there
    refused: ClassVar[frozenset[str | int]] = frozenset()  # codes of what drivers call operational, but is no outage
    unique_days: ClassVar[bool] = True  # a table may have a unique key besides its primary key
    connect_args: ClassVar[dict[str, dict[str, Any]]] = {}  # by driver, for engines that are made here
    renames_with_schema: ClassVar[bool] = True  # `RENAME TO` takes the schema too, and would move the table without it
    index_options: ClassVar[dict[str, Any]] = {}

    @abstractmethod
    def text(self, length: int | None) -> sa.types.TypeEngine[str]:
        """The type of a text column; without a length it holds a megabyte and more."""

    @abstractmethod
    def key_columns(self, keys: Collection[str]) -> tuple[list[sa.Column[Any]], list[sa.Constraint]]:
        """The column `seq`, which grows with every row, and what makes the keys unique."""

    @abstractmethod
    def upsert(self, table: sa.Table, keys: Collection[str], changed: Collection[str]) -> sa.Insert:
        """Insert a row, or set the columns `changed` of the one with these keys."""

    @abstractmethod
    def text_at(self, column: sa.ColumnElement[Any], key: str | None) -> sa.ColumnElement[str]:
        """The text at a key of a JSON object, or the text that the JSON is."""

    @abstractmethod
    def has_all(self, column: sa.ColumnElement[Any], wanted: Sequence[str]) -> sa.ColumnElement[bool]:
        """Whether a JSON list has all of some texts."""

    def contains(self, column: sa.ColumnElement[Any], key: str | None, part: str) -> sa.ColumnElement[bool]:
        """Whether a text in JSON has another in it, whatever the case. The server folds both, by its locale."""
        return self.is_in(part, self.text_at(column, key))

    def is_in(self, part: str, text: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Whether a text has another in it, whatever the case."""
        literal = part.replace("/", "//").replace("%", "/%").replace("_", "/_")
        return self.folded(text).like(self.folded(sa.literal(f"%{literal}%")), escape="/")

    def folded(self, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        """A text without the difference between cases, by the locale of the server."""
        return sa.func.lower(text)

    def connect_options(self, url: URL) -> dict[str, Any]:
        """What to tell the driver when an engine is made here."""
        return dict(self.connect_args.get(url.drivername.partition("+")[2], {}))


__all__ = ["Dialect", "JsonText"]
