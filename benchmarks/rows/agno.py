"""Agno through its public interface: this checkout, 2.0.0 and the newest release run the same lines."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from agno.agent import Agent
from agno.models.base import Model
from agno.models.message import Message
from agno.models.openai import OpenAIChat
from agno.models.response import ModelResponse
from benchmarks import workload
from benchmarks.rows.base import Row, Session


class Fake(Model):
    """Answers at once, in this process."""

    seen = 0

    def reply(self, messages: list[Message]) -> ModelResponse:
        self.seen = sum(message.role != "system" for message in messages)
        return ModelResponse(role="assistant", content=workload.ANSWER)

    def invoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        return self.reply(messages)

    async def ainvoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        return self.reply(messages)

    def invoke_stream(self, *args: Any, **kwargs: Any) -> Iterator[ModelResponse]:
        for _ in range(workload.CHUNKS):
            yield ModelResponse(content=workload.WORD)

    async def ainvoke_stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ModelResponse]:
        for _ in range(workload.CHUNKS):
            yield ModelResponse(content=workload.WORD)

    def _parse_provider_response(self, response: Any, **kwargs: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: Any) -> ModelResponse:
        return response


class Caller(Fake):
    """Asks for the tool a few times, then answers."""

    def reply(self, messages: list[Message]) -> ModelResponse:
        done = sum(message.role == "tool" for message in messages)
        if done == workload.TOOL_ROUNDS:
            return super().reply(messages)
        function = {"name": "add", "arguments": workload.TOOL_ARGUMENTS}
        call = {"id": f"call_{done}", "type": "function", "function": function}
        return ModelResponse(role="assistant", tool_calls=[call])


class Leader(Fake):
    """Gives a task to all members, and answers if each of them did."""

    def invoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        return self.lead(messages, kwargs["tools"])

    async def ainvoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        return self.lead(messages, kwargs["tools"])

    def lead(self, messages: list[Message], tools: list[dict[str, Any]]) -> ModelResponse:
        if messages[-1].role == "tool":
            complete = str(messages[-1].content).count(workload.ANSWER) == workload.TEAM
            return self.reply(messages) if complete else ModelResponse(role="assistant", content="not all answered")
        tool = next(t["function"] for t in tools if t["function"]["name"] == "delegate_task_to_members")
        task = json.dumps({tool["parameters"]["required"][0]: workload.QUESTION})  # its name differs between versions
        call = {"id": "call_0", "type": "function", "function": {"name": tool["name"], "arguments": task}}
        return ModelResponse(role="assistant", tool_calls=[call])


def team_of(members: list[Agent]) -> Any:
    from agno.team import Team  # not a cost of the other scenarios

    names = inspect.signature(Team.__init__).parameters
    all_of_them = "delegate_to_all_members" if "delegate_to_all_members" in names else "delegate_task_to_all_members"
    leader = Leader(id=workload.MODEL)
    settings: dict[str, Any] = {"instructions": workload.SYSTEM, "telemetry": False, all_of_them: True}
    return Team(members=members, model=leader, name="team", **settings)


def agent_with(model: Model, **settings: Any) -> Agent:
    return Agent(model=model, instructions=workload.SYSTEM, telemetry=False, **settings)


def workflow_of(steps: list[Any]) -> Any:
    from agno.workflow import Workflow  # not a cost of the other scenarios

    return Workflow(name="workflow", steps=steps, telemetry=False)


def all_of(output: Any) -> str:
    """The answer, if all parallel steps gave it."""
    given = [step.content for step in output.step_results[0].steps]
    return workload.ANSWER if given == [workload.ANSWER] * workload.BRANCHES else f"not all answered: {given}"


class Stored:
    """A session in one of the databases."""

    def __init__(self, db: Any) -> None:
        self.db, self.model = db, Fake(id=workload.MODEL)
        self.agent = agent_with(
            self.model, db=db, session_id="s", add_history_to_context=True, num_history_runs=workload.HISTORY_RUNS
        )
        if not hasattr(db, "close"):  # 2.0.0, which would take minutes to come to a thousand turns
            self.multiply = self._multiply

    def turn(self) -> str:
        return self.agent.run(workload.QUESTION).content

    def shown(self) -> int:
        return self.model.seen

    def stored(self) -> int:
        return len(self.agent.get_session(session_id="s").runs)

    def _multiply(self, times: int) -> None:
        """Store the last run so many times more."""
        session = self.agent.get_session(session_id="s")
        for _ in range(times):
            run = copy(session.runs[-1])
            run.run_id = str(uuid4())
            session.runs.append(run)
        self.db.upsert_session(session)

    def close(self) -> None:
        if hasattr(self.db, "close"):  # 2.0.0 has no such method
            self.db.close()


class Agno(Row):
    def __init__(self) -> None:
        self.model = Fake(id=workload.MODEL)
        self.one = agent_with(self.model, tools=[workload.add])
        self.caller = agent_with(Caller(id=workload.MODEL), tools=[workload.add])

    def construct(self) -> Agent:
        return agent_with(self.model, tools=[workload.add])

    def turn(self) -> str:
        return self.one.run(workload.QUESTION).content

    async def turn_async(self) -> str:
        return (await self.one.arun(workload.QUESTION)).content

    def tools(self) -> str:
        return self.caller.run(workload.QUESTION).content

    async def tools_async(self) -> str:
        return (await self.caller.arun(workload.QUESTION)).content

    @cached_property
    def group(self) -> Any:
        model = Fake(id=workload.MODEL)
        return team_of([agent_with(model, name=f"member {n}", role="Adds") for n in range(workload.TEAM)])

    def team(self) -> str:
        return self.group.run(workload.QUESTION).content

    async def team_async(self) -> str:
        return (await self.group.arun(workload.QUESTION)).content

    @cached_property
    def sequence(self) -> Any:
        return workflow_of(self.named(workload.STEPS))

    @cached_property
    def fork(self) -> Any:
        from agno.workflow import Parallel  # not a cost of the other scenarios

        return workflow_of([Parallel(*self.named(workload.BRANCHES), name="fork")])

    @cached_property
    def deep(self) -> Any:
        from agno.workflow import Steps  # not a cost of the other scenarios

        inner = Steps(name="inner", steps=self.named(1))
        return workflow_of([Steps(name="outer", steps=[inner])])

    def named(self, count: int) -> list[Agent]:
        return [agent_with(self.model, name=f"agent {n}") for n in range(count)]

    def steps(self) -> str:
        return self.sequence.run(workload.QUESTION).content

    async def steps_async(self) -> str:
        return (await self.sequence.arun(workload.QUESTION)).content

    def parallel(self) -> str:
        return all_of(self.fork.run(workload.QUESTION))

    async def parallel_async(self) -> str:
        return all_of(await self.fork.arun(workload.QUESTION))

    def nested_stream(self) -> Iterator[str]:
        for event in self.deep.run(workload.QUESTION, stream=True):
            if event.event == "RunContent":
                yield event.content

    def stream(self) -> Iterator[str]:
        for event in self.one.run(workload.QUESTION, stream=True):
            if event.event == "RunContent":
                yield event.content

    async def stream_async(self) -> AsyncIterator[str]:
        async for event in self.one.arun(workload.QUESTION, stream=True):
            if event.event == "RunContent":
                yield event.content

    def session(self, file: Path | None) -> Session:
        # the databases are not a cost of the other scenarios
        if file is None:
            from agno.db.in_memory import InMemoryDb

            return Stored(InMemoryDb())
        from agno.db.sqlite import SqliteDb

        return Stored(SqliteDb(db_file=str(file)))

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        agent = agent_with(OpenAIChat(id=workload.MODEL, base_url=url, api_key="none"))

        async def once() -> str:
            return (await agent.arun(workload.QUESTION)).content

        return once


ROW = Agno
