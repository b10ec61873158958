"""A workflow as a tool: the model runs it, and may think before and look at the result after."""

from __future__ import annotations

from typing import Any

import msgspec

from agno._io import IO, asynchronous, sync
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.tools._guidance import guidance
from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = """You can run a workflow:
- `run_workflow` with all that it needs to know; its result is what you answer from
- `think` to plan and `analyze` to check a result; the user does not see these notes
If a result does not answer the question, change the input and run the workflow again."""

_EXAMPLES = """Example, for "Write about tea":
think(thought="The workflow needs the topic and how long the text may be.")
run_workflow(input_data="Tea, one page")
analyze(analysis="The text is about tea and has one page: it can be given to the user.")"""

_NOTES = "workflow_thoughts"


class WorkflowTools(Toolkit):
    """Runs `workflow` for the user of the run. Its runs in one session of the agent share a session of the workflow.

    Each `enable_…` says whether the model gets that tool, `all=True` gives it every one. Notes of `think` and `analyze` are
    kept in `session_state["workflow_thoughts"]`. A workflow that fails is a failed tool call; one that pauses cannot be
    answered through a tool, and says so.
    """

    def __init__(
        self,
        workflow: Any,
        enable_run_workflow: bool = True,
        enable_think: bool = False,
        enable_analyze: bool = False,
        instructions: str | None = None,
        add_instructions: bool = True,
        add_few_shot: bool = False,
        few_shot_examples: str | None = None,
        all: bool = False,
        **kwargs: Any,
    ) -> None:
        if not hasattr(workflow, "arun") or isinstance(workflow, type):
            raise ValueError(
                f"WorkflowTools got {workflow!r}. It takes a workflow: WorkflowTools(workflow=Workflow(...))."
            )
        self.workflow = workflow
        wanted = {"think": enable_think, "run_workflow": enable_run_workflow, "analyze": enable_analyze}
        names = [name for name, enabled in wanted.items() if enabled or all]
        super().__init__(
            name="workflow_tools",
            tools=[getattr(self, name) for name in names],
            async_tools=[(getattr(self, f"a{name}"), name) for name in names if name == "run_workflow"],
            instructions=guidance(instructions or _INSTRUCTIONS, few_shot_examples or _EXAMPLES, add_few_shot),
            add_instructions=add_instructions,
            **kwargs,
        )

    async def _run(
        self, io: IO, run_context: RunContext, input_data: str, additional_data: dict[str, Any] | None = None
    ) -> str:
        """Run the workflow and read its result.

        Args:
            input_data: What the workflow is to work on, with everything that it needs to know.
            additional_data: More values for its steps, by name.
        """
        session_id = f"{run_context.session_id}-{self.workflow.name or 'workflow'}"
        options = {"session_id": session_id, "user_id": run_context.user_id, "additional_data": additional_data or None}
        output = await io.pick(self.workflow.run, self.workflow.arun, input=input_data, **options)
        if output.status is RunStatus.paused:
            raise RuntimeError(f"The workflow waits for a person and cannot go on here: run {output.run_id}.")
        if output.status is not RunStatus.completed:
            raise RuntimeError(f"The workflow ended as {output.status.value}: {output.content}")
        text: str = output.get_content_as_string()
        return text

    run_workflow = sync(_run)
    arun_workflow = asynchronous(_run)

    def think(self, session_state: dict[str, Any], thought: str) -> str:
        """Note a thought about how to use the workflow.

        Args:
            thought: What to do next, and why.
        """
        return _noted(session_state, "thought", thought)

    def analyze(self, session_state: dict[str, Any], analysis: str) -> str:
        """Note whether a result of the workflow is good enough.

        Args:
            analysis: What the result says, and what is still missing.
        """
        return _noted(session_state, "analysis", analysis)


def _noted(session_state: dict[str, Any], kind: str, text: str) -> str:
    notes = session_state.setdefault(_NOTES, [])
    notes.append({kind: text})
    return msgspec.json.encode(notes).decode()


__all__ = ["WorkflowTools"]
