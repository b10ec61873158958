"""Databases as Agno 1 and 2.0 left them, written by our own hand: their shapes, not their words."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy

V1_COLUMNS = {
    "agent_sessions": "agent_id VARCHAR(99), team_session_id VARCHAR(99), agent_data {json}",
    "team_sessions": "team_id VARCHAR(99), team_session_id VARCHAR(99), team_data {json}",
    "workflow_sessions": "workflow_id VARCHAR(99), workflow_name VARCHAR(99), workflow_data {json}, runs {json}",
}
V2_SESSIONS = """CREATE TABLE {name} (session_id VARCHAR(128) NOT NULL PRIMARY KEY, session_type VARCHAR(20) NOT NULL,
    agent_id VARCHAR(128), team_id VARCHAR(128), workflow_id VARCHAR(128), user_id VARCHAR(128), session_data {json},
    agent_data {json}, team_data {json}, workflow_data {json}, metadata {json}, runs {json}, summary {json},
    created_at BIGINT NOT NULL, updated_at BIGINT)"""


def v1_metrics(*counts: int) -> dict[str, Any]:
    """Of a run: a list with a number for each message."""
    return {
        "input_tokens": list(counts), "output_tokens": [1] * len(counts), "total_tokens": [n + 1 for n in counts],
        "audio_tokens": [2] * len(counts), "input_audio_tokens": [3], "output_audio_tokens": [4], "cached_tokens": [5],
        "prompt_tokens": list(counts), "completion_tokens": [1], "time": [0.5] * len(counts),
        "prompt_tokens_details": [{"cached_tokens": 5}], "completion_tokens_details": None,
    }  # fmt: skip


def v1_run(run_id: str, question: str, answer: str, **fields: Any) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "Be kind.", "from_history": False, "created_at": 100},
        {"role": "user", "content": question, "from_history": False, "created_at": 100},
        {"role": "assistant", "content": answer, "thinking": "hm", "metrics": {"time": 0.1, "prompt_tokens": 3}},
    ]
    run = {
        "run_id": run_id, "agent_id": "helper", "agent_name": "Helper", "session_id": "chat", "content": answer,
        "content_type": "str", "model": "m", "model_provider": "P", "metrics": v1_metrics(3, 4), "messages": messages,
        "event": "RunResponse", "formatted_tool_calls": ["add(a=1)"], "status": "RUNNING", "created_at": 100,
    }  # fmt: skip
    return {**run, **fields}


RICH = v1_run(
    "r2",
    "and the sum?",
    "It is three.",
    thinking="first",
    reasoning_content="second",
    extra_data={
        "references": [{"query": "q", "references": [{"content": "c"}], "time": 0.1}],
        "reasoning_steps": [{"title": "step"}],
        "reasoning_messages": [{"role": "assistant", "content": "r", "created_at": 1}],
        "add_messages": [{"role": "user", "content": "an example", "created_at": 1}],
    },
    tools=[{"tool_call_id": "c1", "tool_name": "add", "tool_args": {"a": 1}, "result": "3", "metrics": {"time": 0.25}}],
    images=[{"url": "https://example.com/a.png", "format": "png"}],
    response_audio={"id": "a1", "base64_audio": "QUJD", "length": "2.5", "format": "wav", "transcript": "t\x00t"},
)
MEMBER = v1_run("member", "do it", "done", agent_id="m", team_session_id="crew-chat", session_id="other")
TEAM_RUN = {
    **v1_run("lead", "go", "all done", session_id="crew-chat", member_responses=[MEMBER], status=None),
    "team_id": "crew",
}
del TEAM_RUN["agent_id"], TEAM_RUN["agent_name"]
FLOW_RUN = {
    "run_id": "w1", "workflow_id": "flow", "workflow_name": "Flow", "session_id": "flow-chat", "content": "worked",
    "created_at": 100, "status": "COMPLETED",
    "step_responses": [
        {
            "content": "worked", "success": True, "response": v1_run("step-run", "work", "worked", session_id="flow-chat"),
            "metrics": {"step_name": "one", "executor_type": "agent", "executor_name": "W", "metrics": v1_metrics(7)},
        }
    ],
    "workflow_metrics": {
        "total_steps": 1,
        "steps": {"one": {"step_name": "one", "executor_type": "agent", "executor_name": "W", "metrics": v1_metrics(7)}},
    },
}  # fmt: skip
SUMMARIES = {
    "ann": {"chat": {"summary": "About sums", "topics": ["sums"], "last_updated": "2025-06-01T10:00:00"}},
    "bob": {"chat": {"summary": "A secret of somebody else"}},
}
V1_ROWS: dict[str, list[dict[str, Any]]] = {
    "agent_sessions": [
        {
            "session_id": "chat", "user_id": "ann", "agent_id": "helper", "agent_data": {"name": "Helper"},
            "memory": {"runs": [v1_run("r1", "hello", "Hi \x00Ann"), RICH], "summaries": SUMMARIES, "memories": {}},
            "session_data": {"session_state": {"n": 1}, "session_metrics": {"cached_tokens": 4, "time": 2.0, "prompt_tokens": 1}},
            "extra_data": {"plan": "free"}, "created_at": 90, "updated_at": 110,
        },
        {
            "session_id": "oldest", "user_id": None, "agent_id": "helper", "agent_data": None, "session_data": None,
            "memory": {
                "runs": [{"message": {"role": "user", "content": "q"}, "response": {"run_id": "o1", "content": "a"}}],
                "summary": {"summary": "One", "topics": None}, "messages": [],
            },
            "extra_data": None, "created_at": 80, "updated_at": None,
        },
        {
            "session_id": "empty", "user_id": "bob", "agent_id": "helper", "agent_data": None, "session_data": None,
            "memory": None, "extra_data": None, "created_at": 85, "updated_at": None,
        },
    ],
    "team_sessions": [
        {
            "session_id": "crew-chat", "user_id": "ann", "team_id": "crew", "team_data": {"name": "Crew"},
            "memory": {"runs": [TEAM_RUN]}, "session_data": {}, "extra_data": None, "created_at": 91, "updated_at": 92,
        }
    ],
    "workflow_sessions": [
        {
            "session_id": "flow-chat", "user_id": "ann", "workflow_id": "flow", "workflow_name": "Flow",
            "workflow_data": {"steps": []}, "memory": None, "runs": [FLOW_RUN], "session_data": {"a": 1},
            "extra_data": None, "created_at": 93, "updated_at": None,
        }
    ],
}  # fmt: skip
V1_MEMORY = {
    "memory_id": "m1",
    "memory": "likes tea",
    "topics": ["drinks"],
    "input": "I like tea",
    "last_updated": "2025-06-01T10:00:00",
}


def v2_runs(count: int) -> list[dict[str, Any]]:
    return [
        {
            "run_id": f"r{n}", "agent_id": "helper", "session_id": "chat", "content": f"answer {n}", "content_type": "str",
            "metrics": {"duration": 0.1}, "created_at": 100 + n, "status": "COMPLETED",
            "messages": [
                {"role": "user", "content": f"question {n}", "from_history": False, "stop_after_tool_call": False, "created_at": 1},
                {"role": "assistant", "content": f"answer {n}", "from_history": False, "stop_after_tool_call": False, "created_at": 1},
            ],
        }
        for n in range(count)
    ]  # fmt: skip


def v2_row(session_id: str = "chat", runs: int = 3, **fields: Any) -> dict[str, Any]:
    return {
        "session_id": session_id, "session_type": "agent", "agent_id": "helper", "user_id": "ann", "summary": None,
        "session_data": {"session_name": "Old", "session_metrics": {"input_tokens": 5, "timer": None}},
        "agent_data": {"name": "Helper"}, "metadata": None, "runs": v2_runs(runs), "created_at": 100, "updated_at": 101,
        **fields,
    }  # fmt: skip


class OldSql:
    """Makes old tables where a SQL database has its own, with SQLAlchemy."""

    def __init__(self, db: Any, json_type: str = "JSON", twice: bool = False) -> None:
        self.db, self.json_type, self.twice = db, json_type, twice

    def execute(self, statement: str, *values: dict[str, Any]) -> list[Any]:
        with self.db.db_engine.begin() as connection:
            result = connection.execute(sqlalchemy.text(statement), list(values) or None)
            return result.all() if result.returns_rows else []

    def name(self, table: str) -> str:
        preparer = self.db.db_engine.dialect.identifier_preparer
        schema = getattr(self.db, "db_schema", None)
        return f"{preparer.quote(schema)}.{preparer.quote(table)}" if schema else preparer.quote(table)

    def make_schema(self) -> None:
        if getattr(self.db, "db_schema", None):
            self.execute(f"CREATE SCHEMA {self.db.db_schema}")

    def v1_sessions(self, kind: str, name: str, rows: list[dict[str, Any]] | None = None) -> None:
        columns = V1_COLUMNS[kind].format(json=self.json_type)
        shared = "session_id VARCHAR(99) PRIMARY KEY, user_id VARCHAR(99), memory {j}, session_data {j}, extra_data {j}"
        shared = shared.format(j=self.json_type)
        self.execute(f"CREATE TABLE {self.name(name)} ({shared}, created_at BIGINT, updated_at BIGINT, {columns})")
        self.insert(name, V1_ROWS[kind] if rows is None else rows)

    def v1_memories(self, name: str, rows: list[tuple[str, Any]]) -> None:
        columns = f"id VARCHAR(99) PRIMARY KEY, user_id VARCHAR(99), memory {self.memory_type}, created_at TIMESTAMP, updated_at TIMESTAMP"
        self.execute(f"CREATE TABLE {self.name(name)} ({columns})")
        self.insert(
            name,
            [
                {"id": id, "user_id": "ann", "memory": memory, "created_at": "2025-05-01 00:00:00"}
                for id, memory in rows
            ],
        )

    @property
    def memory_type(self) -> str:
        return "TEXT" if self.db.db_engine.dialect.name == "sqlite" else self.json_type

    def v2_sessions(self, *rows: dict[str, Any], name: str = "agno_sessions") -> None:
        self.execute(V2_SESSIONS.format(name=self.name(name), json=self.json_type))
        self.insert(name, list(rows))

    def insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            marks = ", ".join(f":{column}" for column in row)
            statement = f"INSERT INTO {self.name(name)} ({', '.join(row)}) VALUES ({marks})"
            self.execute(statement, {column: self._written(value) for column, value in row.items()})

    def _written(self, value: Any) -> Any:
        if not isinstance(value, (dict, list)):
            return value
        text = json.dumps(value)
        if self.db.db_engine.dialect.name == "postgresql":
            text = text.replace("\\u0000", "")  # it cannot hold a NUL
        return json.dumps(text) if self.twice else text

    def tables(self) -> set[str]:
        return set(sqlalchemy.inspect(self.db.db_engine).get_table_names(schema=getattr(self.db, "db_schema", None)))


class OldMongo:
    """The same in MongoDB."""

    def __init__(self, database: Any) -> None:
        self.database = database

    def make_schema(self) -> None:
        """There is none."""

    def v1_sessions(self, kind: str, name: str, rows: list[dict[str, Any]] | None = None) -> None:
        self.insert(name, V1_ROWS[kind] if rows is None else rows)

    def v1_memories(self, name: str, rows: list[tuple[str, Any]]) -> None:
        self.insert(name, [{"id": id, "user_id": "ann", "memory": memory} for id, memory in rows])

    def v2_sessions(self, *rows: dict[str, Any], name: str = "agno_sessions") -> None:
        """Agno 2.0 kept JSON as text here."""
        texts = [{key: json.dumps(v) if isinstance(v, (dict, list)) else v for key, v in row.items()} for row in rows]
        self.insert(name, texts)

    def insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.database[name].insert_many([dict(row) for row in rows])

    def tables(self) -> set[str]:
        return {name for name in self.database.list_collection_names() if self.database[name].count_documents({})}
