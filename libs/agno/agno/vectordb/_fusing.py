"""Several rankings as one."""

from __future__ import annotations

from collections.abc import Sequence

from agno.vectordb._records import Hit

_RANK = 60  # the constant of reciprocal rank fusion: how little the very first ranks count more


def fused(
    rankings: Sequence[Sequence[Hit]], limit: int, weights: Sequence[float] | None = None, rank: int = _RANK
) -> list[Hit]:
    """Reciprocal rank fusion: what is near the top of many rankings, or of one with a large weight, comes first."""
    scores: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for place, hit in enumerate(ranking, 1):
            hits.setdefault(hit.record.id, hit)
            scores[hit.record.id] = scores.get(hit.record.id, 0.0) + weight / (rank + place)
    best = sorted(scores, key=lambda id: (-scores[id], id))[:limit]
    return [Hit(hits[id].record, scores[id]) for id in best]


__all__ = ["fused"]
