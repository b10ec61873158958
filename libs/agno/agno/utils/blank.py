"""Instances of dataclasses that store only what was given."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

# the cheapest instance: nothing is stored on it, every field is the default of its class until it is assigned
bare = object.__new__


def blank(cls: type[T], fields: dict[str, Any]) -> T:
    """An instance whose other fields are the defaults of its class: it costs nothing for the fields that are not given.

    A field with a default_factory has to be given. The dict becomes the instance's own.
    """
    made = object.__new__(cls)
    made.__dict__ = fields
    return made


__all__ = ["bare", "blank"]
