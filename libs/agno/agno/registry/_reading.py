"""Settings of components back from plain data."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel, ValidationError

from agno.exceptions import ComponentRehydrationError
from agno.models.message import Message
from agno.registry._paths import imported
from agno.registry._writing import TAG
from agno.registry.registry import Registry
from agno.tools.function import Function
from agno.utils.rebuild import Rebuildable
from agno.utils.settings import Settings


class Reader:
    """Turns stored data into what a component holds. `db` is the database that it was loaded from, if any."""

    def __init__(self, owner: str, registry: Registry | None = None, db: Any = None) -> None:
        self.owner = owner
        self.registry = registry
        self.db = db

    def read(self, data: Any) -> Any:
        """One value. Raises ComponentRehydrationError, saying what is missing."""
        if isinstance(data, list):
            return [self.read(item) for item in data]
        if not isinstance(data, dict):
            return data
        if TAG not in data:
            return {key: self.read(item) for key, item in data.items()}
        kind = data[TAG]
        read = getattr(self, f"_{kind}", None) if kind in _KINDS else None
        if read is None:
            raise ComponentRehydrationError(f"{self.owner} holds a {kind!r}, which this version of Agno does not know.")
        return read(data)

    def _message(self, data: dict[str, Any]) -> Message:
        return Message.from_dict(data["message"])

    def _component(self, data: dict[str, Any]) -> Any:
        cls = self._class(data["class"], Settings)
        return cls.from_dict(data["config"], registry=self.registry, db=self.db)

    def _db(self, data: dict[str, Any]) -> Any:
        known = self.registry.get_db(data["id"]) if self.registry is not None else None
        if known is not None:
            return known
        if self.db is not None and (self.db.id == data["id"] or not data["settings"]):
            return self.db
        if data["settings"]:
            return self._object(data)
        raise ComponentRehydrationError(
            f"{self.owner} was stored with the database {data['id']!r} ({data['class']}); give db=, or registry= with it."
        )

    def _object(self, data: dict[str, Any]) -> Any:
        cls = self._class(data["class"], Rebuildable)
        try:
            return cls(**{name: self.read(item) for name, item in data["settings"].items()})
        except (TypeError, ValueError) as error:
            raise ComponentRehydrationError(
                f"{self.owner} holds a {cls.__name__} that cannot be made again ({error}). Give it in registry=."
            ) from error

    def _pydantic(self, data: dict[str, Any]) -> Any:
        try:
            return self._class(data["class"], BaseModel).model_validate(data["data"])
        except ValidationError as error:
            raise ComponentRehydrationError(
                f"{self.owner} holds a {data['class']} that does not fit: {error}"
            ) from error

    def _class(self, path: str, base: type[Any]) -> Any:
        cls = imported(path, self.owner)
        allowed = isinstance(cls, type) and (
            issubclass(cls, base) or (base is Rebuildable and dataclasses.is_dataclass(cls))
        )
        if not allowed:
            raise ComponentRehydrationError(f"{self.owner} refers to {path!r}, which is no class that can be stored.")
        return cls

    def _ref(self, data: dict[str, Any]) -> Any:
        try:
            return (self.registry or Registry()).find(data["name"])
        except KeyError:
            raise ComponentRehydrationError(
                f"{self.owner} uses {data['name']!r} of a registry; give registry= with an object of this name."
            ) from None

    def _function(self, data: dict[str, Any]) -> Any:
        name, path = data["name"], data["path"]
        if self.registry is not None:
            try:
                return self.registry.find(name)
            except KeyError:
                pass  # the import path comes next
        if path is None:
            raise ComponentRehydrationError(
                f"{self.owner} uses {name!r}, which lies in no module that can be imported; give registry= with it."
            )
        found = imported(path, self.owner)
        if not callable(found) and not isinstance(found, Function):
            raise ComponentRehydrationError(f"{self.owner} refers to {path!r}, which is no function.")
        return found

    def _tool(self, data: dict[str, Any]) -> Function:
        found = self._function(data)
        tool = found if isinstance(found, Function) else Function.from_callable(found, name=data["name"])
        options = {name: self.read(value) for name, value in data["options"].items()}
        return tool.model_copy(update=options) if options else tool


_KINDS = frozenset({"message", "component", "db", "object", "pydantic", "ref", "function", "tool"})

__all__ = ["Reader"]
