"""The names of tables in the constructors of all databases, written once.

A constructor takes them as `*tables: str | None, **more: Unpack[TableNames]` and passes both on. Whoever asks for its signature
(help, `inspect`, the registry) is shown the names, in the order in which they may be given.
"""

from __future__ import annotations

import inspect
from typing import Any

from typing_extensions import TypedDict


class MoreTables(TypedDict, total=False):
    """Names of tables; what is None or not given has its default."""

    session_table: str | None
    memory_table: str | None
    metrics_table: str | None
    eval_table: str | None
    knowledge_table: str | None
    components_table: str | None
    approvals_table: str | None


class TableNames(MoreTables, total=False):
    """Names of tables, and what AgentOS calls the database."""

    id: str | None


class CollectionNames(TypedDict, total=False):
    """Names of collections, and what AgentOS calls the database."""

    session_collection: str | None
    memory_collection: str | None
    metrics_collection: str | None
    eval_collection: str | None
    knowledge_collection: str | None
    components_collection: str | None
    approvals_collection: str | None
    id: str | None


_FIRST = ("session", "memory", "metrics", "eval", "knowledge")  # may be given by position, and so may `id` after them


def by_name(tables: tuple[str | None, ...], names: TableNames) -> TableNames:
    """All names with what they are called."""
    return {**dict(zip((*(f"{name}_table" for name in _FIRST), "id"), tables, strict=False)), **names}  # type: ignore[typeddict-item]


def table_names(names: CollectionNames) -> dict[str, Any]:
    """The same with the names that tables have."""
    return {name.replace("_collection", "_table"): value for name, value in names.items()}


class SpelledOut:
    """Shows the names in the signature."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        shown: Any = cls
        shown.__signature__ = _spelled_out(inspect.signature(cls.__init__))


def _spelled_out(signature: inspect.Signature) -> inspect.Signature:
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    if not any(parameter.name == "tables" for parameter in given):
        return signature.replace(parameters=given)
    names = CollectionNames if "CollectionNames" in str(signature) else MoreTables
    own = [parameter for parameter in given if parameter.kind is not parameter.VAR_KEYWORD]
    place = next(index for index, parameter in enumerate(own) if parameter.name == "tables")
    there = {parameter.name for parameter in own}
    listed = [name for name in names.__annotations__ if name.partition("_")[0] in _FIRST]
    first = [*listed, *({"id"} - there)]
    rest = [name for name in names.__annotations__ if name not in (*first, "id")]
    before = [parameter.replace(kind=parameter.POSITIONAL_OR_KEYWORD) for parameter in own[:place]]
    by_place = [_optional(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in first]
    by_name = [*own[place + 1 :], *(_optional(name, inspect.Parameter.KEYWORD_ONLY) for name in rest)]
    return signature.replace(parameters=[*before, *by_place, *by_name])


def _optional(name: str, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, kind, default=None, annotation="str | None")


__all__ = ["CollectionNames", "MoreTables", "SpelledOut", "TableNames", "by_name", "table_names"]
