"""Placeholders in texts: `{name}` becomes the value of that name, everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill(text: str, *sources: Mapping[str, Any] | None) -> str:
    """Resolve placeholders from the first source that knows the name. One pass: values are not expanded again."""
    if "{" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        for source in sources:
            if source and name in source:
                return str(source[name])
        return match.group(0)

    return _PLACEHOLDER.sub(value, text)


__all__ = ["fill"]
