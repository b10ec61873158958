"""LangGraph, with the agent that LangChain builds on it."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from typing_extensions import TypedDict

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
        return AIMessage(
            content="", tool_calls=[{"name": "ask_all", "args": {"task": workload.QUESTION}, "id": "call_0"}]
        )


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


class Texts(TypedDict):
    """What a graph hands on: the question, then every answer."""

    texts: Annotated[list[str], operator.add]


def graph_of(agents: list[Any], parallel: bool) -> Any:
    """Agents as nodes of a graph, side by side or one after the other."""
    graph = StateGraph(Texts)
    for number, agent in enumerate(agents):
        name = f"agent {number}"
        graph.add_node(name, node_of(agent))
        graph.add_edge(START if parallel or not number else f"agent {number - 1}", name)
        if parallel or number == len(agents) - 1:
            graph.add_edge(name, END)
    return graph.compile()


def node_of(agent: Any) -> RunnableLambda:
    def work(state: Texts) -> dict[str, list[str]]:
        return {"texts": [agent.invoke(_with(state["texts"][-1]))["messages"][-1].content]}

    async def awork(state: Texts) -> dict[str, list[str]]:
        return {"texts": [(await agent.ainvoke(_with(state["texts"][-1])))["messages"][-1].content]}

    return RunnableLambda(work, awork)


def inside_of(graph: Any) -> Any:
    outer = StateGraph(MessagesState)
    outer.add_node("inner", graph)
    outer.add_edge(START, "inner")
    outer.add_edge("inner", END)
    return outer.compile()


def all_of(state: Any) -> str:
    """The answer, if all nodes gave it."""
    given = state["texts"][1:]
    return workload.ANSWER if given == [workload.ANSWER] * workload.BRANCHES else f"not all answered: {given}"


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
        self.sequence = graph_of([agent_with(self.model) for _ in range(workload.STEPS)], parallel=False)
        self.fork = graph_of([agent_with(self.model) for _ in range(workload.BRANCHES)], parallel=True)
        self.deep = inside_of(inside_of(agent_with(Speaker())))
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

    def steps(self) -> str:
        return self.sequence.invoke({"texts": [workload.QUESTION]})["texts"][-1]

    async def steps_async(self) -> str:
        return (await self.sequence.ainvoke({"texts": [workload.QUESTION]}))["texts"][-1]

    def parallel(self) -> str:
        return all_of(self.fork.invoke({"texts": [workload.QUESTION]}))

    async def parallel_async(self) -> str:
        return all_of(await self.fork.ainvoke({"texts": [workload.QUESTION]}))

    def nested_stream(self) -> Iterator[str]:
        for _, (chunk, _) in self.deep.stream(asked(), stream_mode="messages", subgraphs=True):
            if chunk.content:
                yield chunk.content

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
