"""`agno demo`: an AgentOS over local files, and one question to it, asked through its API."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from agno.agent import Agent
from agno.cli._filling import library
from agno.cli._models import chosen_model
from agno.cli._sentences import tell
from agno.cli._service_commands import SECONDS
from agno.db.sqlite import SqliteDb
from agno.os.app import AgentOS
from agno.os.trying import try_out
from agno.team import Team
from agno.workflow import Step, StepInput, StepOutput, Workflow

_INSTRUCTIONS = "Answer briefly and to the point."


def run(options: argparse.Namespace) -> int:
    """Serve, ask, print."""
    with tempfile.TemporaryDirectory() as folder:
        db = SqliteDb(db_file=options.db or str(Path(folder) / "demo.db"), id="demo")
        service = demo_os(options.paths or ["."], db, options.model)
        seconds = options.seconds if options.seconds is not None else None if sys.stdin.isatty() else SECONDS
        try:
            try_out(service, "librarian", options.question, port=options.port, seconds=seconds, say=_say)
        finally:
            db.close()
    return 0


def demo_os(paths: Iterable[str], db: SqliteDb, model: str | None = None) -> AgentOS:
    """An AgentOS with an agent that reads the files, a team that is led to it, and a workflow."""
    documents = library(list(paths), tell)

    def reader(name: str) -> Agent:
        return Agent(
            name=name, model=chosen_model(model), tools=[documents], instructions=_INSTRUCTIONS, markdown=True, db=db
        )

    librarian = reader("Librarian")
    team = Team(
        name="Reading Room", members=[reader("Reader")], model=chosen_model(model), db=db, respond_directly=True
    )
    flow = Workflow(name="Look Up", steps=[Step(name="read", agent=librarian), _signed], db=db)
    return AgentOS(name="Agno demo", os_id="agno-demo", agents=[librarian], teams=[team], workflows=[flow])


def _signed(step_input: StepInput) -> StepOutput:
    """The answer, with the question above it."""
    return StepOutput(content=f"> {step_input.input}\n\n{step_input.previous_step_content}")


def _say(text: str) -> None:
    print(text, flush=True)


__all__ = ["demo_os", "run"]
