"""The rows of the table: a way to do the work, and the environment it is done in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowEntry:
    """`module` is a file here and in `hello`; `package` is the one whose version the table names."""

    name: str
    module: str
    package: str
    checkout: bool = False


OURS = "us"
FLOOR = "floor"
ROWS = {
    entry.name: entry
    for entry in (
        RowEntry(FLOOR, "floor", "openai"),
        RowEntry(OURS, "agno", "", checkout=True),
        RowEntry("agno-2.0.0", "agno", "agno"),
        RowEntry("agno-newest", "agno", "agno"),
        RowEntry("langgraph", "langgraph", "langgraph"),
        RowEntry("pydantic-ai", "pydantic_ai", "pydantic-ai-slim"),
        RowEntry("openai-agents", "openai_agents", "openai-agents"),
    )
}
