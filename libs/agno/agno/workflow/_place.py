"""Where a step stands in a run: its position, the state it works on, and where its events go."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import msgspec

from agno._io import DONE, Give
from agno.run.context import RunContext
from agno.utils.blank import bare
from agno.workflow._state import own_copy

if TYPE_CHECKING:
    from agno.workflow._run import WorkflowRun

Index = int | tuple[int, ...] | None
_OURS = frozenset({"agno.run.agent", "agno.run.team", "agno.run.workflow"})


def beginnings(key: str) -> tuple[str, ...]:
    """What the keys of all places begin with that lie inside of one: in a container, a round of a loop, or a workflow."""
    return f"{key}.", f"{key}#", f"{key}/"


class Place(msgspec.Struct, eq=False):
    """A position in a run. `key` is the same in every process; `index` is what events show."""

    run: WorkflowRun
    key: str
    index: Index
    parent_id: str | None
    give: Give
    context: RunContext

    @property
    def state(self) -> dict[str, Any]:
        """The session state as steps at this place see it."""
        state = self.context.session_state
        assert state is not None  # the run is opened
        return state

    def child(self, number: int, key: str, parent_id: str | None) -> Place:
        """The place of a step inside of the one that stands here."""
        here = self.index
        index: Index = number if here is None else (here, number) if isinstance(here, int) else (*here, number)
        return Place(self.run, self.key + key, index, parent_id, self.give, self.context)

    def beside(self, number: int, key: str, parent_id: str | None, give: Give) -> Place:
        """The place of a step that runs beside others: with a state of its own, to be joined when all of them ended."""
        place = self.child(number, key, parent_id)
        if self.index.__class__ is tuple:  # contract: nested parallel steps share the position of their container
            place.index = self.index
        place.give, place.context = give, _apart(self.context)
        return place

    def apart(self, give: Give) -> Place:
        """The same place, with events that go elsewhere and a state of its own, for work that may be given up."""
        return Place(self.run, self.key, self.index, self.parent_id, give, _apart(self.context))

    def heard_by(self, give: Give) -> Place:
        """The same place, with events that go elsewhere."""
        return self if give is self.give else Place(self.run, self.key, self.index, self.parent_id, give, self.context)

    def emit(self, event_class: type[Any], **details: Any) -> Awaitable[None]:
        """Let an event happen here."""
        run = self.run
        if run.shown is None or event_class.event in run.shown:
            return self.give(run.event(event_class, parent_step_id=self.parent_id, **details))
        if run.kept_events is not None:
            run.event(event_class, parent_step_id=self.parent_id, **details)
        return DONE

    def tell(self, event: Any) -> Awaitable[None]:
        """Give on an event of somebody else."""
        shown = self.run.shown
        if shown is None or event.event in shown or event.__class__.__module__ not in _OURS:
            return self.give(event)
        return DONE


def _apart(context: RunContext) -> RunContext:
    """The same context with a state of its own."""
    twin = bare(context.__class__)
    twin.__dict__ = {**context.__dict__, "session_state": own_copy(context.session_state or {})}
    return twin


__all__ = ["Index", "Place", "beginnings"]
