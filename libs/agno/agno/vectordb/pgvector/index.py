"""Indexes of pgvector, made by `PgVector.optimize()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agno.knowledge._arguments import whole


@dataclass
class HNSW:
    """A graph: quick and nearly exact. `configuration` is set while it is built.

    `m` is how many neighbours a vector has, `ef_construction` how many are looked at when it is added, `ef_search` how many
    at least in a search.
    """

    name: str | None = None
    m: int = 16
    ef_search: int = 5
    ef_construction: int = 200
    configuration: dict[str, Any] = field(default_factory=lambda: {"maintenance_work_mem": "2GB"})

    def __post_init__(self) -> None:
        for name in ("m", "ef_search", "ef_construction"):
            whole(self, name, getattr(self, name))


@dataclass
class Ivfflat:
    """Lists of near vectors: smaller, and built quicker. To be made again when the table has grown a lot.

    `lists` is how many there are, `probes` how many a search reads. With `dynamic_lists` their number follows the rows.
    """

    name: str | None = None
    lists: int = 100
    probes: int = 10
    dynamic_lists: bool = True
    configuration: dict[str, Any] = field(default_factory=lambda: {"maintenance_work_mem": "2GB"})

    def __post_init__(self) -> None:
        for name in ("lists", "probes"):
            whole(self, name, getattr(self, name))


__all__ = ["HNSW", "Ivfflat"]
