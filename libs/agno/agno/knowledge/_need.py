"""Packages that only some readers use."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from typing import Any


def need(module: str, package: str, user: str) -> Any:
    """A module; an ImportError that says what to install if it is not there."""
    try:
        return import_module(module)
    except ImportError as error:
        raise missing(package, user) from error


def missing(package: str, user: str) -> ImportError:
    """The error for a package that is not there."""
    return ImportError(f"{user} needs `{package}`. Install it with: pip install {package}")


def is_installed(module: str) -> bool:
    """True if a module can be imported; it is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent package of a dotted name
        return False


__all__ = ["is_installed", "missing", "need"]
