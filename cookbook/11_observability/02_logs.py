"""Log lines as JSON that say which run, session and user they are from, and hold no secrets.

Prints:
    looking with api_key=*** for ann
    the line knows its run: True
"""

import io
import json
import logging

from agno.agent import Agent
from agno.testing import ScriptedModel, says, wants
from agno.tracing import setup_logging

log = logging.getLogger("shop")


def look_up(order: str) -> str:
    """Look an order up."""
    log.warning("looking with api_key=abc123def456")
    return "on its way"


agent = Agent(
    model=ScriptedModel(wants("look_up", order="7"), says("It is on its way.")),
    tools=[look_up],
)

if __name__ == "__main__":
    lines = io.StringIO()
    setup_logging(stream=lines, loggers=("agno", "shop"))  # without stream=: standard error
    run = agent.run("Where is order 7?", user_id="ann")
    line = json.loads(lines.getvalue())
    print(line["message"], "for", line["user_id"])
    print("the line knows its run:", line["run_id"] == run.run_id)
