"""LangGraph, with the agent that LangChain builds on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver

from benchmarks import workload
from benchmarks.rows.base import Row, Session


class Fake(BaseChatModel):
    """Answers at once, in this process."""

    seen: int = 0

    @property
    def _llm_type(self) -> str:
        return "fake"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        self.seen = sum(message.type != "system" for message in messages)
        return AIMessage(content=workload.ANSWER)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.reply(messages))])

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.reply(messages))])


class Speaker(Fake):
    """Streams its answer."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for _ in range(workload.CHUNKS):
            yield ChatGenerationChunk(message=AIMessageChunk(content=workload.WORD))

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for _ in range(workload.CHUNKS):
            yield ChatGenerationChunk(message=AIMessageChunk(content=workload.WORD))


class Caller(Fake):
    """Asks for the tool a few times, then answers."""

    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        done = sum(isinstance(message, ToolMessage) for message in messages)
        if done == workload.TOOL_ROUNDS:
            return super().reply(messages)
        return AIMessage(content="", tool_calls=[{"name": "add", "args": {"a": 1, "b": 2}, "id": f"call_{done}"}])


class Leader(Fake):
    """Calls the tool that asks all, and answers if each of them did."""

    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            complete = str(messages[-1].content).count(workload.ANSWER) == workload.TEAM
            return super().reply(messages) if complete else AIMessage(content="not all answered")
        return AIMessage(content="", tool_calls=[{"name": "ask_all", "args": {"task": workload.QUESTION}, "id": "call_0"}])


def _with(task: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": task}]}


def leader_of(members: list[Any]) -> Any:
    """It has no teams: agents behind a tool are how its documentation builds one."""

    def ask(task: str) -> str:
        return "\n".join(member.invoke(_with(task))["messages"][-1].content for member in members)

    async def aask(task: str) -> str:
        done = await asyncio.gather(*(member.ainvoke(_with(task)) for member in members))
        return "\n".join(one["messages"][-1].content for one in done)

    tool = StructuredTool.from_function(ask, aask, name="ask_all", description="Give a task to all members.")
    return agent_with(Leader(), tools=[tool])


@wrap_model_call
def newest(request: Any, handler: Any) -> Any:
    """Show the model the last runs only."""
    return handler(request.override(messages=request.messages[-2 * workload.HISTORY_RUNS - 1 :]))


def asked() -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": workload.QUESTION}]}


def agent_with(model: BaseChatModel, **settings: Any) -> Any:
    return create_agent(model, system_prompt=workload.SYSTEM, **settings)


class Stored:
    """A thread that a checkpointer keeps."""

    def __init__(self, saver: Any, closing: Callable[[], None]) -> None:
        self.model, self.close = Fake(), closing
        self.agent = agent_with(self.model, checkpointer=saver, middleware=[newest])
        self.config = {"configurable": {"thread_id": "s"}}

    def turn(self) -> str:
        return self.agent.invoke(asked(), self.config)["messages"][-1].content

    def shown(self) -> int:
        return self.model.seen

    def stored(self) -> int:
        return len(self.agent.get_state(self.config).values["messages"]) // 2


class LangGraph(Row):
    def __init__(self) -> None:
        self.model = Fake()
        self.one = agent_with(self.model, tools=[workload.add])
        self.speaker = agent_with(Speaker(), tools=[workload.add])
        self.caller = agent_with(Caller(), tools=[workload.add])
        self.leader = leader_of([agent_with(self.model) for _ in range(workload.TEAM)])

    def construct(self) -> Any:
        return agent_with(self.model, tools=[workload.add])

    def turn(self) -> str:
        return self.one.invoke(asked())["messages"][-1].content

    async def turn_async(self) -> str:
        return (await self.one.ainvoke(asked()))["messages"][-1].content

    def tools(self) -> str:
        return self.caller.invoke(asked())["messages"][-1].content

    async def tools_async(self) -> str:
        return (await self.caller.ainvoke(asked()))["messages"][-1].content

    def team(self) -> str:
        return self.leader.invoke(asked())["messages"][-1].content

    async def team_async(self) -> str:
        return (await self.leader.ainvoke(asked()))["messages"][-1].content

    def stream(self) -> Iterator[str]:
        for chunk, _ in self.speaker.stream(asked(), stream_mode="messages"):
            if chunk.content:
                yield chunk.content

    async def stream_async(self) -> AsyncIterator[str]:
        async for chunk, _ in self.speaker.astream(asked(), stream_mode="messages"):
            if chunk.content:
                yield chunk.content

    def session(self, file: Path | None) -> Session:
        if file is None:
            return Stored(InMemorySaver(), lambda: None)
        from langgraph.checkpoint.sqlite import SqliteSaver  # not a cost of the other scenarios

        opened = SqliteSaver.from_conn_string(str(file))
        return Stored(opened.__enter__(), lambda: opened.__exit__(None, None, None))

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        from langchain_openai import ChatOpenAI

        agent = agent_with(ChatOpenAI(model=workload.MODEL, base_url=url, api_key="none"))

        async def once() -> str:
            return (await agent.ainvoke(asked()))["messages"][-1].content

        return once


ROW = LangGraph
