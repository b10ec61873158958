"""pydantic-ai."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models import Model, StreamedResponse

from benchmarks import workload
from benchmarks.rows.base import Row, Session

NO_STORE = "has no store of its own"


NO_TEAM = "has no call that asks several agents at once"
NO_WORKFLOW = "has no workflows of agents"


class Fake(Model):
    """Answers at once, in this process."""

    seen = 0
    model_name = workload.MODEL
    system = "fake"

    def reply(self, messages: list[ModelMessage]) -> ModelResponse:
        self.seen = len(messages)
        return ModelResponse(parts=[TextPart(workload.ANSWER)], model_name=workload.MODEL)

    async def request(self, messages: list[ModelMessage], *args: Any, **kwargs: Any) -> ModelResponse:
        return self.reply(messages)

    @asynccontextmanager
    async def request_stream(
        self, messages: Any, settings: Any, parameters: Any, run_context: Any = None
    ) -> AsyncIterator[StreamedResponse]:
        yield Streamed(parameters)


class Caller(Fake):
    """Asks for the tool a few times, then answers."""

    def reply(self, messages: list[ModelMessage]) -> ModelResponse:
        done = sum(isinstance(part, ToolReturnPart) for message in messages for part in message.parts)
        if done == workload.TOOL_ROUNDS:
            return super().reply(messages)
        call = ToolCallPart("add", workload.TOOL_ARGUMENTS, f"call_{done}")
        return ModelResponse(parts=[call], model_name=workload.MODEL)


@dataclass
class Streamed(StreamedResponse):
    """The answer of Fake in pieces."""

    model_name = workload.MODEL
    provider_name = "fake"
    provider_url = None
    timestamp = datetime.now(tz=timezone.utc)

    async def _get_event_iterator(self) -> AsyncIterator[Any]:
        for _ in range(workload.CHUNKS):
            for event in self._parts_manager.handle_text_delta(vendor_part_id="text", content=workload.WORD):
                yield event


def agent_with(model: Model, **settings: Any) -> Agent[None, str]:
    return Agent(model, instructions=workload.SYSTEM, **settings)


class InMemory:
    """The caller keeps the messages and hands the newest in; that is how it is meant."""

    def __init__(self) -> None:
        self.model = Fake()
        self.agent = agent_with(self.model)
        self.messages: list[ModelMessage] = []

    def turn(self) -> str:
        history = self.messages[-2 * workload.HISTORY_RUNS :]
        result = self.agent.run_sync(workload.QUESTION, message_history=history)
        self.messages.extend(result.new_messages())
        return result.output

    def shown(self) -> int:
        return self.model.seen

    def stored(self) -> int:
        return len(self.messages) // 2

    def close(self) -> None:
        self.messages.clear()


class PydanticAI(Row):
    missing = {"session_sqlite": NO_STORE, "session_growth": NO_STORE, "team": NO_TEAM, "team_async": NO_TEAM}
    missing |= dict.fromkeys(("steps", "steps_async", "parallel", "parallel_async", "nested_stream"), NO_WORKFLOW)

    def __init__(self) -> None:
        self.model = Fake()
        self.one = agent_with(self.model, tools=[workload.add])
        self.caller = agent_with(Caller(), tools=[workload.add])

    def construct(self) -> Agent[None, str]:
        return agent_with(self.model, tools=[workload.add])

    def turn(self) -> str:
        return self.one.run_sync(workload.QUESTION).output

    async def turn_async(self) -> str:
        return (await self.one.run(workload.QUESTION)).output

    def tools(self) -> str:
        return self.caller.run_sync(workload.QUESTION).output

    async def tools_async(self) -> str:
        return (await self.caller.run(workload.QUESTION)).output

    def stream(self) -> Iterator[str]:
        result = self.one.run_stream_sync(workload.QUESTION)
        yield from result.stream_text(delta=True, debounce_by=None)

    async def stream_async(self) -> AsyncIterator[str]:
        async with self.one.run_stream(workload.QUESTION) as result:
            async for text in result.stream_text(delta=True, debounce_by=None):
                yield text

    def session(self, file: Path | None) -> Session:
        if file is not None:
            raise NotImplementedError(NO_STORE)
        return InMemory()

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        from pydantic_ai.models.openai import OpenAIChatModel  # not a cost of the other scenarios
        from pydantic_ai.providers.openai import OpenAIProvider

        agent = agent_with(OpenAIChatModel(workload.MODEL, provider=OpenAIProvider(base_url=url, api_key="none")))

        async def once() -> str:
            return (await agent.run(workload.QUESTION)).output

        return once


ROW = PydanticAI
