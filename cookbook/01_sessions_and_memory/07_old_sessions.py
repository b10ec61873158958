"""Keeping a database small: what is old or too much goes, but never a session with a run that is still open.

The same from the command line: `agno prune --db sessions.db --older-than 90d --keep-runs 50 --dry-run`.

Prints:
    would go: {'s': 2} runs
    left: ['answer 3', 'answer 4']
    4 runs today
"""

from datetime import timedelta

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says

agent = Agent(
    model=ScriptedModel(*[says(f"answer {number}") for number in (1, 2, 3, 4)]),
    db=SqliteDb(db_file="sessions.db"),
    session_id="s",
)

if __name__ == "__main__":
    for number in (1, 2, 3, 4):
        agent.run(f"question {number}")
    (today,) = agent.db.calculate_metrics()
    limits = {"older_than": timedelta(days=90), "keep_runs": 2}
    would = agent.prune_sessions(**limits, dry_run=True)
    print("would go:", {session: len(runs) for session, runs in would.runs.items()}, "runs")
    agent.prune_sessions(**limits)
    print("left:", [run.content for run in agent.get_session().runs])
    print(today["agent_runs_count"], "runs today")
