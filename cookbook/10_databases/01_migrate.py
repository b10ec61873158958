"""A chat that Agno 1 kept in SQLite is moved, and goes on.

The old table is made here by hand; yours is there already. `agno migrate chats.db` on the command line does the same as `migrate`.
Old tables stay until you drop them, and what was moved is not moved twice.

Prints:
    agent_sessions: 2 moved with 2 runs, 0 failed
    asked before: ['What is 1 + 2?']
    tokens of the old run: 12
    2 runs, about: Sums
    again: 0 moved, 2 there already
"""

import json
import sqlite3

from agno.agent import Agent
from agno.db.migrations.v1_to_v2 import migrate
from agno.db.sqlite import SqliteDb
from agno.models.offline import OfflineModel

COLUMNS = (
    "session_id TEXT PRIMARY KEY, user_id TEXT, memory JSON, session_data JSON, extra_data JSON, "
    "created_at INTEGER, updated_at INTEGER, agent_id TEXT, agent_data JSON, team_session_id TEXT"
)


def a_database_of_agno_1(file: str) -> None:
    """Two sessions, in the shape of Agno 1."""
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TABLE agent_sessions ({COLUMNS})")
        for session_id, user_id in (("sums", "ann"), ("other", "bob")):
            run = {
                "run_id": f"run-{session_id}",
                "content": "It is 3.",
                "metrics": {"input_tokens": [8, 4], "time": [0.5, 0.2]},
                "messages": [
                    {"role": "user", "content": "What is 1 + 2?"},
                    {"role": "assistant", "content": "It is 3."},
                ],
            }
            memory = {"runs": [run], "summaries": {user_id: {session_id: {"summary": "Sums", "topics": ["sums"]}}}}
            row = (
                session_id,
                user_id,
                json.dumps(memory),
                "{}",
                '{"plan": "free"}',
                1_700_000_000,
                None,
                "helper",
                "{}",
                None,
            )
            connection.execute("INSERT INTO agent_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


if __name__ == "__main__":
    a_database_of_agno_1("chats.db")
    db = SqliteDb(db_file="chats.db")
    for table in migrate(db, "").tables:
        print(f"{table.name}: {table.written} moved with {table.runs} runs, {len(table.failed)} failed")

    agent = Agent(
        id="helper", model=OfflineModel(), db=db, session_id="sums", user_id="ann", add_history_to_context=True
    )
    print("asked before:", [message.content for message in agent.get_chat_history() if message.role == "user"])
    print("tokens of the old run:", db.get_session("sums").runs[0].metrics.input_tokens)
    agent.run("And 2 + 2?")
    session = db.get_session("sums", user_id="ann")
    print(f"{len(session.runs)} runs, about: {session.summary.summary}")
    (table,) = migrate(db, "").tables
    print(f"again: {table.written} moved, {table.kept} there already")
