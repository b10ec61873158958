"""What a run cost, with the runs inside of it: in the details by the part each played, and as one sum for the session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agno.models.metrics import Metrics, ModelMetrics, ModelType

MEMBER = "member:"  # roles in `Metrics.details` that begin so are other runs': they are in no total but the session's


def add_member_details(total: Metrics, model: Any, members: Iterable[Any]) -> None:
    """Tell in `total.details` what the leader and each member cost. The total itself stays the leader's."""
    details: dict[str, list[ModelMetrics]] = dict(total.details or {})
    if model is not None and ModelType.MODEL.value not in details:
        own = ModelMetrics(model.id, model.get_provider())
        own.add_usage(_plain(total))
        details[ModelType.MODEL.value] = [own]
    joined = Metrics(details=details)
    for member in members:
        for role, spent in _spent_by(member):
            joined.add_usage(Metrics(details={role: [spent]}))
    total.details = joined.details


def _spent_by(output: Any, above: str = MEMBER) -> Iterator[tuple[str, ModelMetrics]]:
    """What a member and its own members cost: their roles are paths, as in `member:desk/writer`."""
    name = f"{above}{output.__dict__.get('team_id') or output.__dict__.get('agent_id') or ''}"
    if output.metrics is not None:
        spent = ModelMetrics(output.model or "", output.model_provider)
        spent.add_usage(_plain(output.metrics))
        yield name, spent
    for member in output.__dict__.get("member_responses") or ():
        yield from _spent_by(member, f"{name}/")


def _plain(metrics: Metrics) -> Metrics:
    return Metrics(**{name: value for name, value in metrics.__dict__.items() if name not in ("details", "timer")})


def sum_of(outputs: Iterable[Any]) -> Metrics:
    """What runs cost together with the runs inside of them; without seconds, which pass at the same time."""
    total = Metrics()
    for output in outputs:
        if output.metrics is not None:
            total.add_usage(_plain(output.metrics))
        total.add_usage(sum_of(output.__dict__.get("member_responses") or ()))
    return total


__all__ = ["MEMBER", "add_member_details", "sum_of"]
