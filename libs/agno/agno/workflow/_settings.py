"""What the engine asks a workflow, beside its settings: how its runs are made, stored, and taken up again."""

from __future__ import annotations

from typing import Any, ClassVar

from agno._engine.context import Run
from agno.agent._component import Component
from agno.run import workflow as events
from agno.run.context import RunContext
from agno.session import WorkflowSession
from agno.utils.dttm import now_epoch
from agno.workflow._body import workflow_body
from agno.workflow._run import close_run, taken_up
from agno.workflow.step import Step

CUSTOM = "Custom Function"


def _history(run: Run) -> int:
    """How many earlier runs are loaded: none, a few, or (-1) all, if a function may ask for any number of them."""
    component = run.component
    wanted = [component.num_history_runs] if component.add_workflow_history_to_steps else []
    wanted += component.history_of_steps()
    if component.agent is not None and component.agent.add_workflow_history:
        wanted.append(component.agent.num_history_runs or -1)
    if not wanted:
        return 0
    return -1 if -1 in wanted or component.has_functions() else max(wanted)


class WorkflowComponent(Component):
    """What differs from an agent. A workflow has no model, so nothing of the model loop applies to it."""

    session_type = "workflow"
    id_field, name_field = "workflow_id", "workflow_name"
    session_class: ClassVar[Any] = WorkflowSession
    events: ClassVar[Any] = events
    unkept_events: ClassVar[frozenset[str]] = frozenset()
    body: ClassVar[Any] = staticmethod(workflow_body)
    closing: ClassVar[Any] = staticmethod(close_run)
    taking_up: ClassVar[Any] = staticmethod(taken_up)
    runs_to_load: ClassVar[Any] = staticmethod(_history)
    shares_output = True
    add_history_to_context = read_chat_history = read_tool_call_history = False  # of models
    tools = introduction = knowledge = memory_manager = tool_hooks = None

    def kept(self, output: Any) -> Any:
        """The run as it is stored."""
        if self.store_executor_outputs:  # type: ignore[attr-defined]  # a setting
            return output
        kept = output.__class__.__new__(output.__class__)
        kept.__dict__.update(output.__dict__)
        if output.progress is None:  # to go on, a run needs them
            kept.step_executor_runs = None
        return kept

    def model_of_run(self) -> Any:
        raise TypeError(f"{self!r} is a workflow: it has no model of its own.")

    def initialize_workflow(self) -> None:
        """Settle what is otherwise settled at the first run. May be called any number of times."""
        self.set_id()

    def new_session(self, context: RunContext) -> WorkflowSession:
        component: Any = self
        now = now_epoch()
        return WorkflowSession(
            session_id=context.session_id or "",
            workflow_id=component.id,
            workflow_name=component.name,
            user_id=context.user_id,
            workflow_data={"steps": self._steps_in_short()},
            metadata=dict(component.metadata) if component.metadata else None,
            created_at=now,
            updated_at=now,
        )

    def _steps_in_short(self) -> list[dict[str, Any]]:
        component: Any = self
        if component.is_function:
            return [{"name": CUSTOM, "description": None, "type": "Callable"}]
        return [
            {"name": node.label, "description": node.description, "type": node.step_type.value}
            for node in component.nodes
        ]

    def history_of_steps(self) -> list[int]:
        """For steps that ask for earlier runs themselves: of how many."""
        return [step.num_history_runs for step in self._all_steps() if step.add_workflow_history]

    def has_functions(self) -> bool:
        """True if a step is a function; it can ask for any number of earlier runs."""
        return any(step.executor_type == "function" for step in self._all_steps())

    def _all_steps(self) -> list[Step]:
        component: Any = self
        found, waiting = [], list(component.nodes)
        while waiting:
            node = waiting.pop()
            if isinstance(node, Step):
                found.append(node)
            waiting.extend(node.nodes)
        return found


__all__ = ["CUSTOM", "WorkflowComponent"]
