"""What a request, a run or a session cost: tokens and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.utils.codec import UNKNOWN
from agno.utils.timer import Timer

_COUNTS = (
    "input_tokens", "output_tokens", "total_tokens", "audio_input_tokens", "audio_output_tokens", "audio_total_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
_SECONDS = ("time_to_first_token", "duration")
_FACTS = ("provider_metrics", "additional_metrics")
_FIELDS = frozenset((*_COUNTS, *_SECONDS, *_FACTS, "cost"))
# names of stored records older than 2.0
_OLD_NAMES = {
    "audio_tokens": "audio_total_tokens",
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
    "cached_tokens": "cache_read_tokens",
    "time": "duration",
}
_GONE = frozenset({"prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details", "timer"})


@dataclass
class Metrics:
    """Token counts are 0 and the rest None until known; durations are seconds, cost is US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    audio_total_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    timer: Timer | None = None
    time_to_first_token: float | None = None
    duration: float | None = None
    provider_metrics: dict[str, Any] | None = None
    additional_metrics: dict[str, Any] | None = None
    cost: float | None = None

    def __init__(self, **values: Any) -> None:
        # only what is given is stored: everything else is the class's default
        if values:
            unknown = values.keys() - _FIELDS - {"timer"}
            if unknown:
                raise TypeError(f"Metrics has no field {sorted(unknown)[0]!r}. Fields: {', '.join(sorted(_FIELDS))}.")
            self.__dict__.update(values)

    def to_dict(self) -> dict[str, Any]:
        """What is known: no zeros, no None, no timer."""
        known = {key: value for key, value in self.__dict__.items() if value and key in _FIELDS}
        known.update(self.__dict__.get(UNKNOWN) or {})
        return known

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Metrics:
        """Metrics from a stored record, also one with the names used before 2.0."""
        metrics = cls()
        for key, value in data.items():
            name = _OLD_NAMES.get(key, key)
            if name in _FIELDS:
                metrics.__dict__[name] = value
            elif key not in _GONE:
                metrics.__dict__.setdefault(UNKNOWN, {})[key] = value
        return metrics

    def add_usage(self, other: Metrics) -> None:
        """Add the counts and facts of another, not its seconds."""
        mine = self.__dict__
        for key, value in other.__dict__.items():
            if key in _COUNTS:
                mine[key] = mine.get(key, 0) + value
            elif key in _FACTS and value:
                mine[key] = {**(mine.get(key) or {}), **value}
            elif key == "cost" and value is not None:
                mine[key] = (mine.get(key) or 0.0) + value

    take_usage = add_usage

    def __add__(self, other: Metrics) -> Metrics:
        total = type(self)()
        total.add_usage(self)
        total.add_usage(other)
        for name in _SECONDS:
            known = [value for value in (getattr(self, name), getattr(other, name)) if value is not None]
            if known:
                total.__dict__[name] = sum(known)
        return total

    def __radd__(self, other: Any) -> Metrics:
        return self if other == 0 else NotImplemented

    def start_timer(self) -> None:
        """Begin to measure."""
        if self.timer is None:
            self.timer = Timer()
        self.timer.start()

    def stop_timer(self, set_duration: bool = True) -> None:
        """End measuring and set `duration`."""
        if self.timer is not None:
            self.timer.stop()
            if set_duration:
                self.duration = self.timer.elapsed

    def set_time_to_first_token(self) -> None:
        """Note that the first token arrived now."""
        if self.timer is not None and self.time_to_first_token is None:
            self.time_to_first_token = self.timer.elapsed


__all__ = ["Metrics"]
