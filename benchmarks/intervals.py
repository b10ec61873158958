"""Medians with intervals that assume nothing about how the numbers are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A median, and two of the measured values that have the true one between them."""

    middle: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """The median with the narrowest rank interval that covers at least LEVEL; the whole range if there are too few."""
    ranked = sorted(values)
    rank = _rank(len(ranked))
    return Estimate(median(ranked), ranked[rank - 1], ranked[-rank])


def coverage(count: int) -> float:
    """How probable it is that the interval of so many values holds the true median."""
    return _covered(count, _rank(count))


def ratios(values: Sequence[float], base: Sequence[float]) -> Estimate:
    """What each round's value is to the base of the same round, so that a slow moment of the machine cancels out."""
    return estimate([value / other for value, other in zip(values, base, strict=True)])


def _rank(count: int) -> int:
    """How far from both ends the interval's bounds may be."""
    return max((rank for rank in range(1, count // 2 + 1) if _covered(count, rank) >= LEVEL), default=1)


def _covered(count: int, rank: int) -> float:
    """Each value is above the true median as a thrown coin: at least `rank` of them on both sides."""
    return max(0.0, 1 - 2 * sum(comb(count, below) for below in range(rank)) / float(2**count))
