"""Where a run of a component has to look: at the prompt's sections and built-in tools that its settings can call for.

Most components have few settings, and asking each section at each run would cost more than the rest of the prompt. What
is decided here rests on the values that the settings have at that moment, wherever they are set: on the component or on
its class, before its first run or after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

# settings that make a run look at something before the prompt is made, and those that bring tools
LOOKED_AT = ("add_knowledge_to_context", "memory_manager", "enable_user_memories", "enable_agentic_memory",
             "add_memories_to_context")  # fmt: skip


class Plan:
    """Shared by all components of a class in which the same settings have a value."""

    def __init__(self, kind: Any, present: frozenset[str]) -> None:
        self._present = present
        self.looks_around = self.may(*LOOKED_AT)
        self.has_tools = not kind.tool_settings or self.may(*kind.tool_settings)
        self.sections = tuple(
            (section, section in kind.templated_sections)
            for section, causes in kind.prompt_sections.items()
            if not causes or self.may(*causes)
        )

    def may(self, *settings: str) -> bool:
        """True if one of the settings has a value: one that is neither None nor False."""
        return not self._present.isdisjoint(settings)


class Planner:
    """Makes the plans for one class of components, and keeps them as long as the defaults of the class stay as they are."""

    def __init__(self, kind: Any) -> None:
        causes = [name for names in kind.prompt_sections.values() for name in names]
        self.kind = kind
        self.names = tuple(dict.fromkeys((*LOOKED_AT, *kind.tool_settings, *causes)))
        self.known = frozenset(self.names)
        self.values_of = attrgetter(*self.names)
        self.defaults = self.values_of(kind)
        self.plans: dict[Key, Plan] = {}

    def plan_for(self, own: Key) -> Plan:
        """The plan where these settings of a component have a value, or have none, whatever the class says."""
        given = dict(own)
        defaults = zip(self.names, map(_is_value, self.defaults), strict=True)
        plan = self.plans[own] = Plan(
            self.kind, frozenset([name for name, present in defaults if given.get(name, present)])
        )
        return plan


Key = tuple[tuple[str, bool], ...]


def _is_value(value: Any) -> bool:
    return value is not None and value is not False


def plan_of(component: Any, asked: Mapping[str, Any]) -> Plan:
    """The plan for a component as it is configured now, and for what is asked for by the call."""
    kind = component.__class__
    planner = _planners.get(kind)
    if planner is None or planner.values_of(kind) != planner.defaults:
        planner = _planners[kind] = Planner(kind)
    known = planner.known
    own = tuple(
        [
            (name, value is not None and value is not False)
            for name, value in component.__dict__.items()
            if name in known
        ]
    )
    if asked:
        own += tuple([(name, True) for name in asked if name in known])
    return planner.plans.get(own) or planner.plan_for(own)


_planners: dict[type[Any], Planner] = {}


__all__ = ["Plan", "plan_of"]
