"""Words in Mermaid diagrams."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Text in quotes, for a box or an arrow: Mermaid reads entities, and takes no line ends."""
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", "<br/>")
    return f'"{safe}"'


__all__ = ["quoted"]
