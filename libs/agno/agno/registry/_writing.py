"""Settings of components as plain data. `"$"` in a dict says what it stands for; secrets are left out."""

from __future__ import annotations

import dataclasses
import re
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from agno.db._port import RowVerbs
from agno.models.base import Model
from agno.models.message import Message
from agno.registry._paths import importable, path_of
from agno.registry.registry import Registry, registered_name
from agno.tools.function import Function
from agno.utils.rebuild import Rebuildable
from agno.utils.settings import Settings

TAG = "$"
_SECRET = re.compile(
    r"(^|_)(api_?key|token|secret|password|passwd|credentials?|private_key|access_key\w*|secret_key|virtual_key|"
    r"authorization|headers|ad_token\w*|token_provider|x-api-key)$",
    re.IGNORECASE,
)
_URL_WITH_PASSWORD = re.compile(r"^[\w+.-]+://[^/@\s]*:[^/@\s]+@")
_OF_FUNCTIONS = tuple(
    f.name for f in dataclasses.fields(Function) if f.name not in ("entrypoint", "user_input_schema", "owning_toolkit")
)


def is_secret(name: str, value: Any) -> bool:
    """True for a setting that must not be stored."""
    if isinstance(value, str) and _URL_WITH_PASSWORD.match(value):
        return True
    return value is not None and not isinstance(value, (bool, int)) and _SECRET.search(name) is not None


class Writer:
    """Turns what a component holds into plain data. `owner` is the component, for messages."""

    def __init__(self, owner: str, registry: Registry | None = None) -> None:
        self.owner = owner
        self.registry = registry

    def write(self, value: Any, where: str) -> Any:
        """One value. Raises ValueError, saying where it is and what to do, if it cannot be stored."""
        if value is None or isinstance(value, (str, int, float)):
            return value.value if isinstance(value, Enum) else value
        if isinstance(value, (list, tuple)):
            return [self.write(item, where) for item in value]
        if isinstance(value, dict):
            return self._dict(value, where)
        if self.registry is not None and self.registry.holds(value):
            return {TAG: "ref", "name": registered_name(value)}
        return self._object(value, where)

    def _dict(self, value: dict[Any, Any], where: str) -> dict[str, Any]:
        if TAG in value or not all(isinstance(key, str) for key in value):
            raise ValueError(f"{where}= of {self.owner} has keys that cannot be stored: use texts, and not {TAG!r}.")
        return {key: self.write(item, where) for key, item in value.items()}

    def _object(self, value: Any, where: str) -> Any:
        if isinstance(value, Path):
            return str(value)
        if isinstance(value, Message):
            return {TAG: "message", "message": value.to_dict()}
        if isinstance(value, Settings):
            return {TAG: "component", "class": path_of(type(value)), "config": value.to_dict()}  # type: ignore[attr-defined]  # components have it
        if isinstance(value, Function):
            return self._function(value, where)
        if isinstance(value, RowVerbs):
            return {**self._made(value, value.constructor_arguments(), where), TAG: "db", "id": value.id}
        if isinstance(value, Model):
            return {**self._made(value, _changed(value), where), **value.to_dict()}
        if isinstance(value, Rebuildable):
            return self._made(value, value.constructor_arguments(), where)
        if isinstance(value, BaseModel):
            return {TAG: "pydantic", "class": self._class(value, where), "data": value.model_dump(mode="json")}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._made(value, _changed(value), where)
        if callable(value):
            return self._reference(value, where)
        raise self._refusal(value, where)

    def _made(self, value: Any, settings: dict[str, Any], where: str) -> dict[str, Any]:
        """An object as its class and what makes it."""
        plain = {name: item for name, item in settings.items() if not is_secret(name, item)}
        written = {name: self._setting(item, where) for name, item in plain.items()}
        return {TAG: "object", "class": self._class(value, where), "settings": written}

    def _setting(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if not is_secret(str(key), item)}
        return self.write(value, where)

    def _class(self, value: Any, where: str) -> str:
        path = path_of(type(value))
        if path is None:
            raise self._refusal(value, where)
        return path

    def _function(self, function: Function, where: str) -> dict[str, Any]:
        """A tool as the path of its function, with the options that differ from what is found there."""
        written = self._reference(function.entrypoint, where, name=function.name)
        found = importable(written["path"])
        if not isinstance(found, Function):
            found = Function.from_callable(function.entrypoint, name=function.name) if function.entrypoint else function
        options = {
            name: self.write(getattr(function, name), where)
            for name in _OF_FUNCTIONS
            if getattr(function, name) != getattr(found, name)
        }
        return {**written, TAG: "tool", "options": options}

    def _reference(self, value: Any, where: str, name: str | None = None) -> dict[str, Any]:
        """A function or class by its name, and by its import path if that leads back to it."""
        path = path_of(value)
        if path is None and "<lambda>" in getattr(value, "__qualname__", "<lambda>"):
            raise self._refusal(value, where)
        found = importable(path)
        same = found is value or getattr(found, "entrypoint", None) is value
        return {TAG: "function", "name": name or registered_name(value), "path": path if same else None}

    def _refusal(self, value: Any, where: str) -> ValueError:
        return ValueError(
            f"{where}= of {self.owner} holds {value!r}, which cannot be stored. Put it into a Registry, and give that as "
            "registry= to save() and load()."
        )


def _changed(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults."""
    left_out = getattr(value, "client_fields", ())
    changed: dict[str, Any] = {}
    for spec in dataclasses.fields(value):
        item = getattr(value, spec.name, None)
        default = spec.default_factory() if spec.default_factory is not dataclasses.MISSING else spec.default
        if spec.init and spec.name not in left_out and not spec.name.startswith("_") and item != default:
            changed[spec.name] = item
    return changed


__all__ = ["TAG", "Writer", "is_secret"]
