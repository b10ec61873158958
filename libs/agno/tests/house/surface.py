"""All public names and signatures of agno, as text. `python surface.py --write` renews the snapshot."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import agno

SNAPSHOT = Path(__file__).with_name("public_surface.txt")


def lines() -> Iterator[str]:
    for info in sorted(pkgutil.walk_packages(agno.__path__, "agno."), key=lambda i: i.name):
        if any(part.startswith("_") for part in info.name.split(".")[1:]) or info.name.startswith("agno.cli"):
            continue
        module = importlib.import_module(info.name)
        names = getattr(module, "__all__", None)
        if names is None:
            names = [
                n
                for n, v in vars(module).items()
                if not n.startswith("_") and getattr(v, "__module__", None) == info.name
            ]
        for name in sorted(names):
            value = getattr(module, name)
            yield f"{info.name}.{name}{signature(value)}"
            if inspect.isclass(value) and value.__module__ == info.name:
                yield from members(f"{info.name}.{name}", value)


def members(owner: str, cls: type) -> Iterator[str]:
    for name, value in sorted(vars(cls).items()):
        if name.startswith("_"):
            continue
        fn = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
        if inspect.isfunction(fn):
            yield f"    {owner.rsplit('.', 1)[-1]}.{name}{signature(fn)}"


def signature(value: Any) -> str:
    if not callable(value):
        return ""
    try:
        text = str(inspect.signature(value))
    except (TypeError, ValueError):
        return "(...)"
    return re.sub(r" at 0x[0-9a-f]+", "", text)


if __name__ == "__main__":
    text = "\n".join(lines()) + "\n"
    if "--write" in sys.argv:
        SNAPSHOT.write_text(text)
    else:
        sys.stdout.write(text)
