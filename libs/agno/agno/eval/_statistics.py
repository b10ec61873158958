"""Figures about figures; of none they are 0."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median, quantiles, stdev
from typing import NamedTuple


class Spread(NamedTuple):
    """How numbers lie."""

    average: float = 0.0
    least: float = 0.0
    most: float = 0.0
    deviation: float = 0.0  # of the sample; 0 for a single number
    middle: float = 0.0
    p95: float = 0.0  # between the two nearest


def spread_of(numbers: Sequence[float]) -> Spread:
    """Average, bounds, standard deviation, median and 95th percentile."""
    values = [float(number) for number in numbers]
    if not values:
        return Spread()
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 0.0, values[0], values[0])
    p95 = quantiles(values, n=20, method="inclusive")[-1]
    return Spread(fmean(values), min(values), max(values), stdev(values), median(values), p95)


__all__ = ["Spread", "spread_of"]
