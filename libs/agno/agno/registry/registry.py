"""Objects that a stored component cannot hold, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

KINDS = ("tools", "functions", "models", "dbs", "schemas", "agents", "teams", "objects")


@dataclass
class Registry:
    """Objects for `save(registry=...)` and `load(registry=...)`: a component is stored with their names only.

    `functions` are hooks, retrievers, instructions; `schemas` are pydantic classes; `objects` is for everything else,
    such as a knowledge base. The name is the object's `name`, `id` or `__name__`, else that of its class.
    """

    name: str | None = None
    description: str | None = None
    tools: list[Any] = field(default_factory=list)
    functions: list[Callable[..., Any]] = field(default_factory=list)
    models: list[Any] = field(default_factory=list)
    dbs: list[Any] = field(default_factory=list)
    schemas: list[type[Any]] = field(default_factory=list)
    agents: list[Any] = field(default_factory=list)
    teams: list[Any] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)

    def _all(self) -> Iterator[Any]:
        for kind in KINDS:
            yield from getattr(self, kind)

    def holds(self, value: Any) -> bool:
        """True if it has this very object."""
        return any(item is value for item in self._all())

    def find(self, name: str) -> Any:
        """The first object of this name. Raises KeyError."""
        for item in self._all():
            if registered_name(item) == name:
                return item
        raise KeyError(name)

    def get_db(self, db_id: str) -> Any:
        """The database with this id, or None."""
        return next((db for db in self.dbs if db.id == db_id), None)


def registered_name(value: Any) -> str:
    """The name that an object goes by."""
    for attribute in ("__name__", "name", "id"):
        found = getattr(value, attribute, None)
        if isinstance(found, str) and found:
            return found
    return type(value).__name__


__all__ = ["Registry", "registered_name"]
