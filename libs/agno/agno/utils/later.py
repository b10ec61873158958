"""Modules that few need: declared at the top of a file like any import, loaded when something of them is first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """A module that is not loaded yet. Its attributes are those of the module."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self.__dict__["_name"]), attribute)


def later(name: str) -> Any:
    """The module of this name, loaded at its first use. `tests/house/test_layers.py` reads these calls as imports."""
    return Later(name)


__all__ = ["later"]
