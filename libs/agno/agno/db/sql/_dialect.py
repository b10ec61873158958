"""Where SQL products differ, as attributes and as the few expressions that each writes in its own way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, ClassVar

import sqlalchemy as sa
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
    has_lengths: ClassVar[bool] = False  # texts that are keys or indexed need a length
    pads: ClassVar[bool] = False  # spaces at the end of a text do not count in comparisons
    nulls_last: ClassVar[bool] = False  # null is the largest value when sorting; everywhere else it is the smallest
    free_autocommit: ClassVar[bool] = False  # switching a connection to autocommit needs no round trip
    version: ClassVar[sa.ColumnElement[str] | None] = None  # what changes with every write of a row
    # codes of errors after which the server took everything back and the same may be tried again
    try_again: ClassVar[frozenset[str | int]] = frozenset()
    no_table: ClassVar[frozenset[str | int]] = frozenset()  # codes of the error for a table that is not there
    unique_days: ClassVar[bool] = True  # more than one unique key per table
    connect_args: ClassVar[dict[str, dict[str, Any]]] = {}  # by driver, for engines that are made here

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
    def has_all(self, column: sa.ColumnElement[Any], wanted: str) -> sa.ColumnElement[bool]:
        """Whether a JSON list has all values of another."""

    def contains(self, text: sa.ColumnElement[str], part: str) -> sa.ColumnElement[bool]:
        """Whether a text has another in it, whatever the case. The server folds both, by its locale."""
        literal = part.replace("/", "//").replace("%", "/%").replace("_", "/_")
        return sa.func.lower(text).like(sa.func.lower(f"%{literal}%"), escape="/")


__all__ = ["Dialect", "JsonText"]
