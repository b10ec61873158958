"""The same work by hand: a loop over messages, and the ids and times that a run cannot do without."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import workload
from benchmarks.rows.base import Row, Session

TOOLS = {"add": workload.add}


def new_id() -> str:
    return str(uuid.uuid4())


def now() -> int:
    return int(time.time())


@dataclass(slots=True)
class Message:
    role: str
    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)


@dataclass(slots=True)
class Output:
    messages: list[Message]
    content: str = ""
    run_id: str = field(default_factory=new_id)
    session_id: str = field(default_factory=new_id)
    created_at: int = field(default_factory=now)


@dataclass(slots=True)
class Event:
    content: str
    run_id: str
    session_id: str
    created_at: int = field(default_factory=now)


@dataclass(slots=True)
class Agent:
    model: Any
    system: str
    tools: dict[str, Callable[..., Any]]


def answers(messages: list[Message]) -> Message:
    return Message("assistant", workload.ANSWER)


async def answers_async(messages: list[Message]) -> Message:
    return answers(messages)


def calls(messages: list[Message]) -> Message:
    done = sum(message.role == "tool" for message in messages)
    if done == workload.TOOL_ROUNDS:
        return answers(messages)
    function = {"name": "add", "arguments": workload.TOOL_ARGUMENTS}
    return Message("assistant", tool_calls=[{"id": f"call_{done}", "type": "function", "function": function}])


async def calls_async(messages: list[Message]) -> Message:
    return calls(messages)


def pieces() -> Iterator[str]:
    for _ in range(workload.CHUNKS):
        yield workload.WORD


async def pieces_async() -> AsyncIterator[str]:
    for _ in range(workload.CHUNKS):
        yield workload.WORD


def begun(history: list[Message] | None = None, question: str = workload.QUESTION) -> Output:
    return Output([Message("system", workload.SYSTEM), *(history or ()), Message("user", question)])


def tool_messages(answer: Message) -> Iterator[Message]:
    for call in answer.tool_calls or ():
        arguments = json.loads(call["function"]["arguments"])
        result = TOOLS[call["function"]["name"]](**arguments)
        yield Message("tool", str(result), tool_call_id=call["id"])


def run(agent: Agent, history: list[Message] | None = None, question: str = workload.QUESTION) -> Output:
    output = begun(history, question)
    while True:
        answer = agent.model(output.messages)
        output.messages.append(answer)
        if not answer.tool_calls:
            output.content = answer.content or ""
            return output
        output.messages.extend(tool_messages(answer))


async def run_async(agent: Agent, question: str = workload.QUESTION) -> Output:
    output = begun(None, question)
    while True:
        answer = await agent.model(output.messages)
        output.messages.append(answer)
        if not answer.tool_calls:
            output.content = answer.content or ""
            return output
        output.messages.extend(tool_messages(answer))


def asks_all(messages: list[Message]) -> Message:
    if messages[-1].role == "tool":
        return answers(messages)
    function = {"name": "ask_all", "arguments": json.dumps({"task": workload.QUESTION})}
    return Message("assistant", tool_calls=[{"id": "call_0", "type": "function", "function": function}])


def together(agent: Agent, texts: list[str], output: Output) -> Output:
    """The end of a leader's run: what the members said, and the answer."""
    said = "\n".join(texts)
    output.messages.append(Message("tool", said, tool_call_id="call_0"))
    output.messages.append(agent.model(output.messages))
    complete = said.count(workload.ANSWER) == workload.TEAM
    output.content = output.messages[-1].content or "" if complete else "not all answered"
    return output


class InMemory:
    """A list of runs."""

    def __init__(self) -> None:
        self.runs: list[Output] = []
        self.seen = 0
        self.agent = Agent(self._answers, workload.SYSTEM, TOOLS)

    def _answers(self, messages: list[Message]) -> Message:
        self.seen = len(messages) - 1
        return answers(messages)

    def turn(self) -> str:
        history = [message for run in self.runs[-workload.HISTORY_RUNS :] for message in run.messages[-2:]]
        self.runs.append(run(self.agent, history))
        return self.runs[-1].content

    def shown(self) -> int:
        return self.seen

    def stored(self) -> int:
        return len(self.runs)

    def close(self) -> None:
        self.runs.clear()


class InSqlite(InMemory):
    """A table with a row for each run."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("CREATE TABLE runs (seq INTEGER PRIMARY KEY, session_id TEXT, payload TEXT)")
        self.db.execute("CREATE INDEX of_session ON runs (session_id, seq)")

    def turn(self) -> str:
        newest = "SELECT payload FROM runs WHERE session_id = 's' ORDER BY seq DESC LIMIT ?"
        rows = self.db.execute(newest, (workload.HISTORY_RUNS,)).fetchall()
        history = [Message(**m) for (payload,) in reversed(rows) for m in json.loads(payload)["messages"][-2:]]
        output = run(self.agent, history)
        output.messages = [output.messages[0], *output.messages[-2:]]  # the history has rows of its own
        self.db.execute("INSERT INTO runs (session_id, payload) VALUES ('s', ?)", (json.dumps(asdict(output)),))
        return output.content

    def stored(self) -> int:
        return int(self.db.execute("SELECT count(*) FROM runs WHERE session_id = 's'").fetchone()[0])

    def close(self) -> None:
        self.db.close()


class Floor(Row):
    def __init__(self) -> None:
        self.one = Agent(answers, workload.SYSTEM, TOOLS)
        self.one_async = Agent(answers_async, workload.SYSTEM, TOOLS)
        self.caller = Agent(calls, workload.SYSTEM, TOOLS)
        self.caller_async = Agent(calls_async, workload.SYSTEM, TOOLS)

    def construct(self) -> Agent:
        return Agent(answers, workload.SYSTEM, {"add": workload.add})

    def turn(self) -> str:
        return run(self.one).content

    async def turn_async(self) -> str:
        return (await run_async(self.one_async)).content

    def tools(self) -> str:
        return run(self.caller).content

    async def tools_async(self) -> str:
        return (await run_async(self.caller_async)).content

    def team(self) -> str:
        output = begun()
        output.messages.append(asks_all(output.messages))
        texts = [run(self.one).content for _ in range(workload.TEAM)]
        return together(Agent(asks_all, workload.SYSTEM, {}), texts, output).content

    async def team_async(self) -> str:
        output = begun()
        output.messages.append(asks_all(output.messages))
        done = await asyncio.gather(*(run_async(self.one_async) for _ in range(workload.TEAM)))
        return together(Agent(asks_all, workload.SYSTEM, {}), [one.content for one in done], output).content

    def steps(self) -> str:
        text = workload.QUESTION
        for _ in range(workload.STEPS):
            text = run(self.one, question=text).content
        return text

    async def steps_async(self) -> str:
        text = workload.QUESTION
        for _ in range(workload.STEPS):
            text = (await run_async(self.one_async, text)).content
        return text

    def parallel(self) -> str:
        with ThreadPoolExecutor(workload.BRANCHES) as pool:
            texts = {one.content for one in pool.map(run, [self.one] * workload.BRANCHES)}
        return texts.pop() if len(texts) == 1 else "not all answered"

    async def parallel_async(self) -> str:
        done = await asyncio.gather(*(run_async(self.one_async) for _ in range(workload.BRANCHES)))
        texts = {one.content for one in done}
        return texts.pop() if len(texts) == 1 else "not all answered"

    def nested_stream(self) -> Iterator[str]:
        def inner() -> Iterator[str]:
            yield from self.stream()

        yield from inner()

    def stream(self) -> Iterator[str]:
        output, parts = begun(), []
        for piece in pieces():
            event = Event(piece, output.run_id, output.session_id)
            parts.append(event.content)
            yield event.content
        output.messages.append(Message("assistant", "".join(parts)))

    async def stream_async(self) -> AsyncIterator[str]:
        output, parts = begun(), []
        async for piece in pieces_async():
            event = Event(piece, output.run_id, output.session_id)
            parts.append(event.content)
            yield event.content
        output.messages.append(Message("assistant", "".join(parts)))

    def session(self, file: Path | None) -> Session:
        return InMemory() if file is None else InSqlite(file)

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        from openai import AsyncOpenAI  # not a cost of the other scenarios

        client: Any = AsyncOpenAI(base_url=url, api_key="none")

        async def ask(messages: list[Message]) -> Message:
            said = [{"role": message.role, "content": message.content} for message in messages]
            reply = await client.chat.completions.create(model=workload.MODEL, messages=said)
            return Message(reply.choices[0].message.role, reply.choices[0].message.content)

        agent = Agent(ask, workload.SYSTEM, {})

        async def once() -> str:
            return (await run_async(agent)).content

        return once


ROW = Floor
