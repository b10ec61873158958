"""Agno through its public interface: this checkout, 2.0.0 and the newest release run the same lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import copy
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


def agent_with(model: Model, **settings: Any) -> Agent:
    return Agent(model=model, instructions=workload.SYSTEM, telemetry=False, **settings)


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
