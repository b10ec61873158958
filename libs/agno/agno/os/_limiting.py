"""How often one caller may ask."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from agno.os._refusing import Refusal

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`requests` in `seconds` for each caller; `burst` of them (by default all) may come at once."""

    requests: int
    seconds: float = 60.0
    burst: int | None = None

    def __post_init__(self) -> None:
        if self.requests < 1 or self.seconds <= 0 or (self.burst is not None and self.burst < 1):
            raise ValueError(f"{self} lets nobody in: requests and burst are at least 1, seconds are more than 0.")


class Buckets:
    """A bucket of tokens for each caller, which fills as time goes by. Those that were not used for longest are forgotten."""

    def __init__(self, limit: RateLimit) -> None:
        self._rate = limit.requests / limit.seconds
        self._most = float(limit.burst or limit.requests)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> None:
        """Take a token; raises `Refusal` with status 429 if there is none."""
        now = monotonic()
        tokens, then = self._buckets.pop(who, (self._most, now))
        tokens = min(self._most, tokens + (now - then) * self._rate)
        enough = tokens >= 1.0
        self._buckets[who] = (tokens - 1.0 if enough else tokens, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            seconds = max(1, round((1.0 - tokens) / self._rate + 0.5))
            raise Refusal(429, f"Too many requests; try again in {seconds} s", {"Retry-After": str(seconds)})


__all__ = ["Buckets", "RateLimit"]
