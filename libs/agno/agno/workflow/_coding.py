"""Workflows as plain data: to be read by people, and to be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from agno.agent._definition import Definition
from agno.db.base import BaseDb

if TYPE_CHECKING:
    from agno.registry.registry import Registry

W = TypeVar("W", bound="WorkflowDefinition")
_FOR_PEOPLE = ("name", "description", "type", "agent", "team", "workflow", "steps", "else_steps")


class WorkflowDefinition(Definition):
    """`to_dict` shows the steps by name and kind, and holds what `from_dict` makes them of."""

    session_type = "workflow"

    def to_dict(self, registry: Registry | None = None) -> dict[str, Any]:
        """The settings that were made, as plain data. Raises ValueError for one that cannot be stored."""
        component: Any = self
        data = super().to_dict(registry)
        data |= {"name": component.name, "workflow_id": component.id, "description": component.description}
        data["session_id"] = component.known_session_id()
        if not component.is_function:
            data["steps"] = [
                _joined(shown, made)
                for shown, made in zip(component.to_dict_for_steps()["steps"], _as_list(data.get("steps")), strict=True)
            ]
        return data

    @classmethod
    def from_dict(
        cls: type[W], data: Mapping[str, Any], registry: Registry | None = None, db: BaseDb | None = None
    ) -> W:
        return super().from_dict({key: value for key, value in data.items() if value is not None}, registry, db)

    def to_dict_for_steps(self) -> dict[str, Any]:
        """The steps for people, with no more than their names and kinds."""
        component: Any = self
        if component.is_function:
            return {"steps": component._steps_in_short()}
        return {"steps": [node.described() for node in component.nodes]}


def _joined(shown: dict[str, Any], made: Any) -> Any:
    """What the step is made of, with what it is called beside it."""
    if not isinstance(made, dict):
        return made
    for_people = {key: value for key, value in shown.items() if key in _FOR_PEOPLE}
    return {**for_people, **made, "name": shown["name"]}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


__all__ = ["WorkflowDefinition"]
