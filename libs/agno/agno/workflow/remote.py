"""A workflow that runs on another AgentOS."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from agno.agent._remote_run import RemoteRun, finish_remote, options_of
from agno.agent.remote import Remote
from agno.client.client import AgentOSClient
from agno.client.exceptions import ConflictError
from agno.run.workflow_requirements import ErrorRequirement
from agno.workflow._run import WorkflowRun, resume
from agno.workflow.workflow import Workflow


async def _body(run: WorkflowRun) -> None:
    """What happens in its runs, between start and end."""
    component = run.component
    remote = RemoteRun(run, component.connection, component.remote_id)
    begin = remote.at.begin(run.input, options_of(run), stream=True)
    if not (run.continued or run.continued_inside):
        await remote.perform(begin)
    elif answers := _answers(run):
        await remote.perform(remote.at.go_on(answers, stream=True))
    else:  # this process died meanwhile; the run there may be anywhere between not begun and done
        try:
            await remote.perform(begin)
        except ConflictError:
            remote.take(await remote.at.ended(run.io))
    for requirement in (*(run.output.step_requirements or ()), *(run.output.error_requirements or ())):
        requirement.key = f"{run.place_key}{requirement.key}"
    await finish_remote(run, remote.last)


def _answers(run: WorkflowRun) -> dict[str, Any]:
    """Those of the answers that are for this run, by its own places."""
    mine = {place: one for place, one in list(run.replies.items()) if place[0].startswith(run.place_key)}
    found: dict[str, list[Any]] = {"step_requirements": [], "error_requirements": []}
    for place, answer in mine.items():
        inner = copy.copy(answer)
        inner.key = answer.key[len(run.place_key) :]
        found["error_requirements" if isinstance(answer, ErrorRequirement) else "step_requirements"].append(inner)
        del run.replies[place]  # used up
    return {name: answers for name, answers in found.items() if answers}


async def _taken_up(run: WorkflowRun) -> None:
    wish = run.answers
    source = wish.run_response
    if source is not None:
        resume(run, source)
    asked = [*((source and source.step_requirements) or ()), *((source and source.error_requirements) or ())]
    run.replies = run.open_places([*asked, *wish.requirements])


class RemoteWorkflow(Remote, Workflow):
    """A workflow of an AgentOS, used like one of this process; its steps are there. See `RemoteAgent`."""

    body: ClassVar[Any] = staticmethod(_body)
    taking_up: ClassVar[Any] = staticmethod(_taken_up)

    def __init__(
        self,
        base_url: str,
        workflow_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        client: AgentOSClient | None = None,
        **options: Any,
    ) -> None:
        super().__init__(id=workflow_id, name=name or workflow_id, description=description)
        self._reach(base_url, workflow_id, client, options)


__all__ = ["RemoteWorkflow"]
