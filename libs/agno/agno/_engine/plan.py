"""Where a run of a component has to look: at the prompt's sections, built-in tools and steps that its settings call for.

Most components have few settings, and asking each part of the engine at each run whether there is something for it to do
would cost more than the rest of the run. A plan rests on the settings as they are at that moment: it is made anew when one
of the object's is set. The defaults of the class count as they are when an object runs for the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Settings, by what has to be done if one of them has a value
LOOKED_AT = ("add_knowledge_to_context", "memory_manager", "enable_user_memories", "enable_agentic_memory",
             "add_memories_to_context")  # fmt: skip
SETTLED = ("dependencies", "metadata", "session_state", "db", "cache_session")
TUNED = ("output_schema", "tool_choice", "tool_call_limit", "retries", "fallback_models", "fallback_config", "checkpoint",
         "compression_manager", "compress_tool_results")  # fmt: skip
SHAPED = ("output_schema", "parser_model", "output_model", "followups", "post_hooks")
THOUGHT = ("reasoning", "reasoning_model")
OPENED = ("system_message", "additional_input")
TAKEN = ("input_schema", "knowledge_filters", "output_schema", "store_events", "pre_hooks", "post_hooks")
PASSED = ("add_dependencies_to_context", "add_session_state_to_context")  # on to the steps of a workflow
ALONE = ("knowledge", "save_response_to_file", "debug_mode")


class Plan:
    """Shared by all components of a class in which the same settings have a value."""

    __slots__ = ("_present", "begins_plainly", "debugs", "ends_plainly", "events", "has_tools", "hooks_before", "id_field",
                 "identity_name", "is_taken_plainly", "looks_around", "name_field", "opens_plainly", "passes_context", "prepares",
                 "saves_answer", "sections", "shapes_answer", "thinks", "tunes")  # fmt: skip

    def __init__(self, kind: Any, present: frozenset[str]) -> None:
        self.events, self.identity_name = (
            kind.events,
            kind.session_type,
        )  # read from here because classes are slow to read
        self.id_field, self.name_field = kind.id_field, kind.name_field
        self._present = present
        self.is_taken_plainly = not self.may(*TAKEN)
        self.begins_plainly = not self.may(*SETTLED)
        self.debugs = self.may("debug_mode")
        self.prepares = kind.prepares or self.may("knowledge")
        self.hooks_before = self.may("pre_hooks")
        self.looks_around = self.may(*LOOKED_AT)
        self.opens_plainly = not self.may(*OPENED)
        self.has_tools = not kind.tool_settings or self.may(*kind.tool_settings)
        self.sections = tuple(
            (section, section in kind.templated_sections)
            for section, causes in kind.prompt_sections.items()
            if not causes or self.may(*causes)
        )
        self.passes_context = self.may(*PASSED)
        self.thinks = self.may(*THOUGHT)
        self.tunes = self.may(*TUNED)
        self.shapes_answer = self.may(*SHAPED)
        self.ends_plainly = not self.may(*kind.work_settings)
        self.saves_answer = self.may("save_response_to_file")

    def may(self, *settings: str) -> bool:
        """True if one of the settings has a value: one that is neither None nor False."""
        return not self._present.isdisjoint(settings)


class Planner:
    """Makes the plans for one class of components, and keeps them as long as the defaults of the class stay as they are."""

    def __init__(self, kind: Any) -> None:
        causes = [name for names in kind.prompt_sections.values() for name in names]
        of_kind = (*kind.tool_settings, *kind.work_settings, *causes)
        self.kind = kind
        self.names = tuple(
            dict.fromkeys((*LOOKED_AT, *SETTLED, *TUNED, *SHAPED, *THOUGHT, *OPENED, *TAKEN, *PASSED, *ALONE, *of_kind))
        )
        self.plans: dict[frozenset[str], Plan] = {}

    def plan_for(self, own: Mapping[str, Any], asked: Mapping[str, Any]) -> Plan:
        """The plan where these are the settings of a component, over those of its class, and the options of a call."""
        present = frozenset(
            [
                name
                for name in self.names
                if name in asked or _is_value(name, own[name] if name in own else getattr(self.kind, name, None))
            ]
        )
        return self.plans.get(present) or self.plans.setdefault(present, Plan(self.kind, present))


def _is_value(name: str, value: Any) -> bool:
    return value is not None and value is not False and (name != "retries" or value != 0)  # tool_call_limit=0 is one


def id_of(component: Any) -> Any:
    """The id of a component that a plan was made for; one that is made from the name is made once."""
    plans = component._plans
    known = None if plans is None else plans.get("id")
    if known is None:
        known = component.id
        if plans is not None:
            plans["id"] = known
    return known


def plan_of(component: Any, asked: Mapping[str, Any]) -> Plan:
    """The plan for a component as it is configured now, and for what is asked for by the call."""
    key = tuple(asked) if asked else ()
    plans = component._plans
    if plans is not None and (plan := plans.get(key)) is not None:
        return plan  # type: ignore[no-any-return]  # it is a Plan
    own = component.__dict__
    plans = own.setdefault("_plans", {})  # before the settings are looked at: who changes one takes this dict away
    kind = component.__class__
    planner = _planners.get(kind) or _planners.setdefault(kind, Planner(kind))
    plan = plans[key] = planner.plan_for(own, asked)
    return plan


_planners: dict[type[Any], Planner] = {}


__all__ = ["Plan", "id_of", "plan_of"]
