"""Fields that cost nothing until somebody reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Lazy:
    """A field of a dataclass that is made at its first read, where no `__init__` has set it.

    A non-data descriptor: once made, the value is found on the instance and this is not asked again.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return None  # the dataclass reads its default here
        value = instance.__dict__[self.name] = self.make()
        return value


def lazily(cls: type[T]) -> type[T]:
    """Decorates a dataclass of which the engine makes instances without `__init__`: what a default_factory gives is then made
    at its first read."""
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # it is a dataclass
        if field.default_factory is not dataclasses.MISSING:
            made = Lazy(field.default_factory)
            made.__set_name__(cls, field.name)
            setattr(cls, field.name, made)
    return cls


__all__ = ["Lazy", "lazily"]
