"""OpenAI Agents SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from agents import Agent, ModelResponse, OpenAIChatCompletionsModel, Runner, SQLiteSession, Usage, function_tool
from agents.memory import SessionSettings
from agents.models.interface import Model
from openai import AsyncOpenAI
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseTextDeltaEvent,
)

from benchmarks import workload
from benchmarks.rows.base import Row, Session


def message(text: str) -> ResponseOutputMessage:
    content = [ResponseOutputText(text=text, type="output_text", annotations=[])]
    return ResponseOutputMessage(id="m", content=content, role="assistant", status="completed", type="message")


def response(output: list[Any]) -> Response:
    return Response(
        id="r",
        created_at=0,
        model=workload.MODEL,
        object="response",
        output=output,
        tool_choice="auto",
        tools=[],
        parallel_tool_calls=False,
    )


DELTA = ResponseTextDeltaEvent(
    content_index=0,
    delta=workload.WORD,
    item_id="m",
    logprobs=[],
    output_index=0,
    sequence_number=0,
    type="response.output_text.delta",
)
COMPLETED = ResponseCompletedEvent(
    response=response([message(workload.WORD * workload.CHUNKS)]), sequence_number=1, type="response.completed"
)


NO_TEAM = "has no call that asks several agents at once"
NO_WORKFLOW = "has no workflows of agents"


class Fake(Model):
    """Answers at once, in this process."""

    seen = 0

    def reply(self, said: Any) -> list[Any]:
        self.seen = 1 if isinstance(said, str) else len(said)
        return [message(workload.ANSWER)]

    async def get_response(self, *, input: Any, **kwargs: Any) -> ModelResponse:
        return ModelResponse(output=self.reply(input), usage=Usage(), response_id=None)

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        for _ in range(workload.CHUNKS):
            yield DELTA
        yield COMPLETED


class Caller(Fake):
    """Asks for the tool a few times, then answers."""

    def reply(self, said: Any) -> list[Any]:
        done = 0 if isinstance(said, str) else sum(item.get("type") == "function_call_output" for item in said)
        if done == workload.TOOL_ROUNDS:
            return super().reply(said)
        call = ResponseFunctionToolCall(
            call_id=f"call_{done}", name="add", arguments=workload.TOOL_ARGUMENTS, type="function_call"
        )
        return [call]


class Stored:
    """A session in SQLite."""

    def __init__(self, path: str | Path) -> None:
        self.model = Fake()
        self.agent = agent_with(self.model)
        settings = SessionSettings(limit=2 * workload.HISTORY_RUNS)
        self.kept = SQLiteSession("s", path, session_settings=settings)

    def turn(self) -> str:
        return Runner.run_sync(self.agent, workload.QUESTION, session=self.kept).final_output

    def shown(self) -> int:
        return self.model.seen

    def stored(self) -> int:
        loop = asyncio.new_event_loop()
        items = loop.run_until_complete(self.kept.get_items(limit=1_000_000))
        loop.close()
        return len(items) // 2

    def close(self) -> None:
        self.kept.close()


def agent_with(model: Model, **settings: Any) -> Agent[None]:
    return Agent(name="a", instructions=workload.SYSTEM, model=model, **settings)


class OpenAIAgents(Row):
    missing = {"stream": "has no synchronous stream", "team": NO_TEAM, "team_async": NO_TEAM}
    missing |= dict.fromkeys(("steps", "steps_async", "parallel", "parallel_async", "nested_stream"), NO_WORKFLOW)

    def __init__(self) -> None:
        self.model = Fake()
        self.one = agent_with(self.model, tools=[function_tool(workload.add)])
        self.caller = agent_with(Caller(), tools=[function_tool(workload.add)])

    def construct(self) -> Agent[None]:
        return agent_with(self.model, tools=[function_tool(workload.add)])

    def turn(self) -> str:
        return Runner.run_sync(self.one, workload.QUESTION).final_output

    async def turn_async(self) -> str:
        return (await Runner.run(self.one, workload.QUESTION)).final_output

    def tools(self) -> str:
        return Runner.run_sync(self.caller, workload.QUESTION).final_output

    async def tools_async(self) -> str:
        return (await Runner.run(self.caller, workload.QUESTION)).final_output

    def stream(self) -> Iterator[str]:
        raise NotImplementedError(self.missing["stream"])

    async def stream_async(self) -> AsyncIterator[str]:
        result = Runner.run_streamed(self.one, workload.QUESTION)
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                yield event.data.delta

    def session(self, file: Path | None) -> Session:
        return Stored(":memory:" if file is None else file)

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        client = AsyncOpenAI(base_url=url, api_key="none")
        agent = agent_with(OpenAIChatCompletionsModel(workload.MODEL, client))

        async def once() -> str:
            return (await Runner.run(agent, workload.QUESTION)).final_output

        return once


ROW = OpenAIAgents
