"""Traces of runs in a database, as trees: who ran, what was asked, how often, what it cost.

`setup_tracing(db=db)` once per process; `exporter="otlp"` beside it sends the same spans to a tool that takes OpenTelemetry. What people
and models say is not recorded unless `capture_content=True`.

Prints:
    Desk: completed, 3 requests
    invoke_agent Desk
    > chat leader
    > execute_tool delegate_task_to_member
    > > invoke_agent Clerk
    > > > chat clerk
    > chat leader
    costs are known: True
    ben sees 0
"""

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.prices import Price, set_price
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tracing import setup_tracing, tree_of

db = InMemoryDb()
clerk = Agent(
    id="clerk",
    name="Clerk",
    model=ScriptedModel(says("It is open until six."), id="clerk"),
)
desk = Team(
    name="Desk",
    members=[clerk],
    model=ScriptedModel(
        wants(
            "delegate_task_to_member",
            member_id="clerk",
            task_description="When do we close?",
        ),
        says("We close at six."),
        id="leader",
    ),
)


def show(spans: list[dict], indent: str = "") -> None:
    for span in spans:
        print(f"{indent}{span['name']}")
        show(span["children"], indent + "> ")


if __name__ == "__main__":
    for model in ("leader", "clerk"):
        set_price(model, Price(input=2.0, output=8.0))  # US dollars for a million tokens
    setup_tracing(db=db)
    desk.run("When do you close?", user_id="ann")
    (trace,), _ = db.get_traces(user_id="ann")
    print(f"{trace['name']}: {trace['status']}, {trace['usage']['requests']} requests")
    show(tree_of(db.get_trace(trace["trace_id"])["spans"]))
    print("costs are known:", trace["usage"]["cost"] is not None)
    print("ben sees", db.get_traces(user_id="ben")[1])
