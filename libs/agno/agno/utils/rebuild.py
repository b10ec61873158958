"""Objects that know what they were made with, so that they can be described and made again."""

from __future__ import annotations

import inspect
from typing import Any


class Rebuildable:
    """Base of classes whose objects are stored as their class and the arguments of its constructor."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made.__dict__["_given"] = (args, kwargs)
        return made

    def constructor_arguments(self) -> dict[str, Any]:
        """What the constructor was given, by name."""
        args, kwargs = self.__dict__["_given"]
        bound = inspect.signature(type(self)).bind(*args, **kwargs)
        given: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            if bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
                given.update(value)
            else:
                given[name] = value
        return given


__all__ = ["Rebuildable"]
