"""What a request, a run or a session cost: tokens and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from agno.utils.codec import UNKNOWN, Coded, copied, encode, encode_fields
from agno.utils.timer import Timer

_COUNTS = (
    "input_tokens", "output_tokens", "total_tokens", "audio_input_tokens", "audio_output_tokens", "audio_total_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens",
)  # fmt: skip
_SECONDS = ("time_to_first_token", "duration")
_FACTS = ("provider_metrics", "additional_metrics")
_FIELDS = frozenset((*_COUNTS, *_SECONDS, *_FACTS, "cost", "details"))
_ACCEPTED = _FIELDS | {"timer"}
# names of stored records older than 2.0
_OLD_NAMES = {
    "audio_tokens": "audio_total_tokens",
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
    "cached_tokens": "cache_read_tokens",
    "time": "duration",
}
_GONE = frozenset({"prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details", "timer"})


class ModelType(str, Enum):
    """The part a model plays in a run: the keys of `Metrics.details`."""

    MODEL = "model"
    OUTPUT_MODEL = "output_model"
    PARSER_MODEL = "parser_model"
    MEMORY_MODEL = "memory_model"
    REASONING_MODEL = "reasoning_model"
    SESSION_SUMMARY_MODEL = "session_summary_model"
    CULTURE_MODEL = "culture_model"
    LEARNING_MODEL = "learning_model"
    COMPRESSION_MODEL = "compression_model"
    FOLLOWUP_MODEL = "followup_model"


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
    details: dict[str, list[ModelMetrics]] | None = None

    def __init__(self, **values: Any) -> None:
        # only what is given is stored: everything else is the class's default
        if values:
            if not values.keys() <= _ACCEPTED:
                unknown = sorted(values.keys() - _ACCEPTED)[0]
                raise TypeError(f"Metrics has no field {unknown!r}. Fields: {', '.join(sorted(_FIELDS))}.")
            self.__dict__.update(values)

    def to_dict(self) -> dict[str, Any]:
        """What is known: no zeros, no None, no timer."""
        known = {key: encode(value) for key, value in self.__dict__.items() if value and key in _FIELDS}
        known.update(copied(self.__dict__.get(UNKNOWN)) or {})
        return known

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Metrics:
        """Metrics from a stored record, also one with the names and the lists used before 2.0."""
        metrics = cls()
        mine = metrics.__dict__
        for key, value in data.items():
            name = _OLD_NAMES.get(key, key)
            if name in _FIELDS:
                if name == key or name not in data:
                    mine[name] = _revived(name, value)
            elif key not in _GONE:
                mine.setdefault(UNKNOWN, {})[key] = copied(value)
        return metrics

    def add_usage(self, other: Metrics) -> None:
        """Add the counts and facts of another, not its seconds."""
        mine = self.__dict__
        for key, value in other.__dict__.items():
            if key in _SECONDS:
                continue
            if key in _COUNTS:
                mine[key] = mine.get(key, 0) + (value or 0)
            elif key in _FACTS and value:
                mine[key] = {**(mine.get(key) or {}), **value}
            elif key == "cost" and value is not None:
                mine[key] = (mine.get(key) or 0.0) + value
            elif key == "details" and value:
                mine[key] = _joined_details(mine.get(key) or {}, value)

    def add(self, other: Metrics) -> None:
        """Add all of another: counts, facts and seconds."""
        self.add_usage(other)
        mine = self.__dict__
        for name, seconds in other.__dict__.items():
            if name in _SECONDS and seconds is not None:
                mine[name] = (mine.get(name) or 0) + seconds

    def __add__(self, other: Metrics) -> Metrics:
        total = type(self)()
        total.add(self)
        total.add(other)
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
        """Note that the first token arrived now; later calls change nothing."""
        if self.timer is not None and self.time_to_first_token is None:
            self.time_to_first_token = self.timer.elapsed


class ModelMetrics(Metrics):
    """What one model cost in a run."""

    id: str = ""
    provider: str | None = None

    def __init__(self, id: str = "", provider: str | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.id = id
        self.provider = provider

    def to_dict(self) -> dict[str, Any]:
        """What is known, and which model it is."""
        named = {"id": self.id} if self.provider is None else {"id": self.id, "provider": self.provider}
        return {**named, **super().to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelMetrics:
        """The inverse of `to_dict`."""
        metrics = super().from_dict({key: value for key, value in data.items() if key not in ("id", "provider")})
        assert isinstance(metrics, cls)
        metrics.id, metrics.provider = data.get("id", ""), data.get("provider")
        return metrics

    def __add__(self, other: Metrics) -> Metrics:
        total = super().__add__(other)
        total.__dict__.update(id=self.id, provider=self.provider)
        return total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelMetrics) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # mutable


@dataclass
class ToolCallMetrics(Coded):
    """How long a tool call took; start and end are unix seconds, duration is seconds."""

    timer: Timer | None = None
    start_time: float | None = None
    end_time: float | None = None
    duration: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """What is known, without the timer."""
        return {key: value for key, value in encode_fields(self).items() if key != "timer"}


def _revived(name: str, value: Any) -> Any:
    if name == "details" and isinstance(value, Mapping):
        return {
            role: [m if isinstance(m, ModelMetrics) else ModelMetrics.from_dict(m) for m in models]
            for role, models in value.items()
        }
    if isinstance(value, list):  # before 2.0 a run kept one number for each message
        return sum(number for number in value if isinstance(number, (int, float)))
    if value is None and name in _COUNTS:
        return 0
    return copied(value)


def _joined_details(
    mine: dict[str, list[ModelMetrics]], other: dict[str, list[ModelMetrics]]
) -> dict[str, list[ModelMetrics]]:
    """Per role one entry for each model."""
    joined: dict[str, list[Any]] = {}
    for details in (mine, other):
        for role, models in details.items():
            entries = joined.setdefault(role, [])
            for model in models:
                known = next(
                    (i for i, m in enumerate(entries) if (m.id, m.provider) == (model.id, model.provider)), None
                )
                if known is None:
                    entries.append(model)
                else:
                    entries[known] = entries[known] + model
    return joined


__all__ = ["Metrics", "ModelMetrics", "ModelType", "ToolCallMetrics"]
