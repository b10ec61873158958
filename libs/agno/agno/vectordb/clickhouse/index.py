"""The index of ClickHouse, made by `Clickhouse.optimize()`."""

from __future__ import annotations

from dataclasses import dataclass

from agno.knowledge._arguments import whole


@dataclass
class HNSW:
    """A graph. `quantization` is how a number is kept in it: f64, f32, f16, bf16, i8 or b1.

    `hnsw_max_connections_per_layer` is how many neighbours a vector has, `hnsw_candidate_list_size_for_construction` how many
    are looked at when it is added.
    """

    quantization: str = "bf16"
    hnsw_max_connections_per_layer: int = 32
    hnsw_candidate_list_size_for_construction: int = 128

    def __post_init__(self) -> None:
        for name in ("hnsw_max_connections_per_layer", "hnsw_candidate_list_size_for_construction"):
            whole(self, name, getattr(self, name))


__all__ = ["HNSW"]
