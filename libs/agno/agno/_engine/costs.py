"""What a run cost, with the runs inside of it: in the details by the part each played, and as one sum for the session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agno.models.metrics import Metrics, ModelMetrics, ModelType

MEMBER = "member:"  # roles in `Metrics.details` that begin so are other runs': they are in no total but the session's


def add_member_details(total: Metrics, model: Any, members: Iterable[Any]) -> None:
    """Tell in `total.details` what the leader and each member cost. The total itself stays the leader's."""
    known_roles = total.details or {}
    details: dict[str, list[ModelMetrics]] = {r: m for r, m in known_roles.items() if not r.startswith(MEMBER)}
    if model is not None and ModelType.MODEL.value not in details:
        own = ModelMetrics(model.id, model.get_provider())
        own.__dict__.update(_usage(total))
        details[ModelType.MODEL.value] = [own]
    for member in members:
        for role, spent in _spent_by(member):
            known = details.get(role)
            same = next((one for one in known if one.id == spent.id), None) if known else None
            if same is not None:
                same.add_usage(spent)
            else:
                details[role] = [*(known or ()), spent]
    total.details = details


def _spent_by(output: Any, above: str = MEMBER) -> Iterator[tuple[str, ModelMetrics]]:
    """What a member and its own members cost: their roles are paths, as in `member:desk/writer`."""
    name = f"{above}{output.__dict__.get('team_id') or output.__dict__.get('agent_id') or ''}"
    if output.metrics is not None:
        spent = ModelMetrics(output.model or "", output.model_provider)
        spent.__dict__.update(_usage(output.metrics))
        yield name, spent
    for member in output.__dict__.get("member_responses") or ():
        yield from _spent_by(member, f"{name}/")


def _usage(metrics: Metrics) -> dict[str, Any]:
    """Counts and costs, without seconds, and without what others cost."""
    return {name: value for name, value in metrics.__dict__.items() if name not in _NO_USAGE}


_NO_USAGE = frozenset({"details", "timer", "duration", "time_to_first_token"})


def sum_of(outputs: Iterable[Any]) -> Metrics:
    """What runs cost together with the runs inside of them; without seconds, which pass at the same time."""
    total = Metrics()
    for output in outputs:
        if output.metrics is not None:
            own = Metrics()
            own.__dict__.update(_usage(output.metrics))
            total.add_usage(own)
        total.add_usage(sum_of(output.__dict__.get("member_responses") or ()))
    return total


__all__ = ["MEMBER", "add_member_details", "sum_of"]
