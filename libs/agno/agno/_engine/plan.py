"""What a run of a component can call for, known from the names of its settings: most components have few of them.

The values are looked at during the run; here it is only said where it is worth looking.
"""

from __future__ import annotations

from typing import Any


class Plan:
    """Shared by all components of a class that have the same settings."""

    def __init__(self, kind: Any, settings: frozenset[str]) -> None:
        self._kind = kind
        self._settings = settings
        self.sections: tuple[Any, ...] | None = None  # of the prompt, which fills this in
        self.prepares = self.may("knowledge", "pre_hooks")
        self.looks_around = self.may("add_knowledge_to_context", "memory_manager", "culture_manager", "learning")
        self.has_history = self.may("add_history_to_context")
        self.shows_state = self.may("add_session_state_to_context")
        self.reasons = self.may("reasoning", "reasoning_model")
        self.compresses = self.may("compression_manager", "compress_tool_results")
        self.tries_again = self.may("retries", "fallback_models", "fallback_config")
        self.checkpoints = self.may("checkpoint")
        self.completes = self.may("output_model", "parser_model", "followups", "post_hooks")
        self.hooked = self.may("pre_hooks", "post_hooks")
        self.debugs = self.may("debug_mode")

    def may(self, *settings: str) -> bool:
        """True if one of the settings was set, or is switched on by the class."""
        return any(name in self._settings or getattr(self._kind, name, None) for name in settings)


def plan_of(component: Any) -> Plan:
    """The plan for a component as it is configured now."""
    key = (type(component), *component.__dict__)
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= _KEPT:
            _plans.clear()
        plan = _plans[key] = Plan(key[0], frozenset(key[1:]))
    return plan


_KEPT = 4096
_plans: dict[tuple[Any, ...], Plan] = {}


__all__ = ["Plan", "plan_of"]
