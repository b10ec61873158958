"""Fields that cost nothing until somebody reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Lazy:
    """A field of a dataclass with its own `__init__` that is made at its first read.

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


__all__ = ["Lazy"]
