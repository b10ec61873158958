"""What the engine costs beside the floor: the same work by hand, without a framework.

Both are measured alternately in one process, so that a busy machine hits both alike. Read the ratios; the microseconds
are CPU time on whatever this machine is. `python benchmarks/engine.py [--json FILE]`
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse

CHUNKS = 1_000
TOOL_ROUNDS = 5
ROUNDS = 9


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


class Fake(Model):
    """Answers at once, in process."""

    def invoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        return ModelResponse(content="hello")

    def invoke_stream(self, *args: Any, **kwargs: Any) -> Iterator[ModelResponse]:
        for _ in range(CHUNKS):
            yield ModelResponse(content="word ")


class Caller(Fake):
    """Asks for a tool a few times, then answers."""

    def invoke(self, messages: list[Message], *args: Any, **kwargs: Any) -> ModelResponse:
        done = sum(message.role == "tool" for message in messages)
        if done == TOOL_ROUNDS:
            return ModelResponse(content="done")
        function = {"name": "add", "arguments": '{"a": 1, "b": 2}'}
        return ModelResponse(tool_calls=[{"id": f"call_{done}", "type": "function", "function": function}])


def floor_turn() -> dict[str, Any]:
    """A turn by hand: three messages with ids and times, and an output."""
    now = int(time.time())
    messages = [{"id": str(uuid.uuid4()), "role": r, "created_at": now} for r in ("system", "user", "assistant")]
    return {"run_id": str(uuid.uuid4()), "session_id": str(uuid.uuid4()), "messages": messages, "content": "hello"}


def floor_tools() -> dict[str, Any]:
    """The same with tool rounds."""
    output = floor_turn()
    for n in range(TOOL_ROUNDS):
        arguments = json.loads('{"a": 1, "b": 2}')
        call = {"id": f"call_{n}", "name": "add", "arguments": arguments}
        output["messages"].append({"id": str(uuid.uuid4()), "role": "assistant", "tool_calls": [call]})
        output["messages"].append({"id": str(uuid.uuid4()), "role": "tool", "content": str(add(**arguments))})
    return output


def floor_stream() -> str:
    """The same with a stream of events."""
    output, text = floor_turn(), []
    for _ in range(CHUNKS):
        event = {"event": "RunContent", "content": "word ", "run_id": output["run_id"], "created_at": int(time.time())}
        text.append(event["content"])
    return "".join(text)


def once(work: Callable[[], Any], times: int) -> float:
    """CPU seconds of one call."""
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times


def compare(name: str, ours: Callable[[], Any], floor: Callable[[], Any] | None, times: int) -> dict[str, Any]:
    """Medians of alternating rounds, and their ratio."""
    ours()
    rounds: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(ROUNDS):
        rounds["ours"].append(once(ours, times))
        if floor is not None:
            rounds["floor"].append(once(floor, times))
    row: dict[str, Any] = {"scenario": name, "ours_us": 1e6 * statistics.median(rounds["ours"])}
    if floor is not None:
        row["floor_us"] = 1e6 * statistics.median(rounds["floor"])
        row["ratio"] = row["ours_us"] / row["floor_us"]
    return row


def engine_rows() -> Iterator[dict[str, Any]]:
    """Scenarios without a database."""
    fake, caller = Fake(id="fake"), Caller(id="fake")
    one, tools = Agent(model=fake, tools=[add], instructions="Help"), Agent(model=caller, tools=[add])
    assert one.run("hi").content == "hello"
    assert len(tools.run("hi").tools or ()) == TOOL_ROUNDS
    assert sum(event.event == "RunContent" for event in one.run("hi", stream=True)) == CHUNKS
    yield compare("construct Agent(1 tool)", lambda: Agent(model=fake, tools=[add]), None, 2_000)
    yield compare("one turn", lambda: one.run("hi"), floor_turn, 100)
    yield compare(f"{TOOL_ROUNDS} tool rounds", lambda: tools.run("hi"), floor_tools, 50)
    yield compare(f"stream of {CHUNKS} chunks", lambda: list(one.run("hi", stream=True)), floor_stream, 3)


def session_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The cost of a turn in a growing session."""
    db = SqliteDb(db_file=str(folder / "sessions.db"))
    agent = Agent(model=Fake(id="fake"), db=db, session_id="s", add_history_to_context=True)
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=NORMAL")
    raw.execute("CREATE TABLE runs (seq INTEGER PRIMARY KEY, session_id TEXT, payload TEXT)")

    def raw_turn() -> None:
        raw.execute("SELECT payload FROM runs WHERE session_id = ? ORDER BY seq DESC LIMIT 3", ("s",)).fetchall()
        raw.execute("INSERT INTO runs (session_id, payload) VALUES (?, ?)", ("s", json.dumps(floor_turn())))

    agent.run("hi")
    done = 1
    for turns in (25, 200, 1_000):
        for _ in range(turns - done):
            agent.run("hi")
        yield compare(f"turn {turns} of a SQLite session", lambda: agent.run("hi"), raw_turn, 2)
        done = turns + 1 + 2 * ROUNDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*engine_rows(), *session_rows(Path(folder))]
    for row in rows:
        floor = f"floor {row['floor_us']:8.1f}   ratio {row['ratio']:5.1f}" if "ratio" in row else ""
        print(f"{row['scenario']:32} {row['ours_us']:9.1f} us   {floor}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
