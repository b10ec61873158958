"""Sessions are kept in a database: here SQLite, in one file. The next process goes on where this one stopped.

A session is a small header and one row per run, so a turn costs the same however long the session is. `session_state` is
yours: tools read and change it through `run_context`.

Prints:
    put_on_list returned: Added bread. The list has 1 entries.
    put_on_list returned: Added milk. The list has 2 entries.
    ['bread', 'milk']
    user: Put 'bread' on the shopping list
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.offline import OfflineModel
from agno.run.context import RunContext


def put_on_list(run_context: RunContext, item: str) -> str:
    """Put an item on the shopping list."""
    shopping = run_context.session_state["shopping"]
    shopping.append(item)
    return f"Added {item}. The list has {len(shopping)} entries."


def new_agent() -> Agent:
    """As a new process would make it."""
    return Agent(
        model=OfflineModel(),
        tools=[put_on_list],
        db=SqliteDb(db_file="quickstart.db"),
        session_id="shopping",
        session_state={"shopping": []},
        add_history_to_context=True,
        num_history_runs=3,
    )


if __name__ == "__main__":
    print(new_agent().run("Put 'bread' on the shopping list").content)
    print(new_agent().run("Put 'milk' on the shopping list").content)
    print(new_agent().get_session_state()["shopping"])
    for message in new_agent().get_chat_history():
        print(f"{message.role}: {message.content}")
