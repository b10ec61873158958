"""`agno ask PATH… "question"` and `agno chat`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from agno import __version__
from agno.agent import Agent
from agno.cli.documents import read_all
from agno.cli.library import Library
from agno.cli.models import chosen_model
from agno.db.sqlite import SqliteDb
from agno.exceptions import AgnoError
from agno.models.base import Model
from agno.models.offline import OfflineModel
from agno.run.agent import RunContentEvent, RunErrorEvent

_HELP = "/help  this list    /history  what was said    /new  a new session    /exit  leave"
_INSTRUCTIONS = "Answer briefly and to the point."


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives its exit code: 0, or 2 with one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (AgnoError, ImportError, ValueError, ValidationError, OSError) as error:
        print(f"agno: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agno", description="Agents over your files, from the command line.")
    parser.add_argument("--version", action="version", version=f"agno {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ask = commands.add_parser("ask", help='answer a question from files: agno ask docs/ report.pdf "question"')
    ask.add_argument("what", nargs="+", metavar="PATH… QUESTION", help="files and folders, and the question last")
    ask.set_defaults(run=_ask)
    chat = commands.add_parser("chat", help="talk; the session is kept in a SQLite file")
    chat.add_argument("--db", default=str(Path.home() / ".agno" / "chat.db"), help="the file (default: %(default)s)")
    chat.add_argument("--session", default="default", help="which session to go on with (default: %(default)s)")
    chat.add_argument("paths", nargs="*", metavar="PATH", help="files and folders to talk about")
    chat.set_defaults(run=_chat)
    for command in (ask, chat):
        command.add_argument(
            "--model", metavar="PROVIDER:ID", help="for example openai:gpt-4o, ollama:llama3.1, offline:offline"
        )
    return parser


def _ask(options: argparse.Namespace) -> int:
    *paths, question = options.what
    if not paths:
        raise ValueError(f'agno ask needs at least one file or folder before the question: agno ask PATH "{question}".')
    model = chosen_model(options.model)
    agent = _agent(model, paths)
    _say_what_answers(model, options.model)
    return _answer(agent, question)


def _say_what_answers(model: Model, given: str | None) -> None:
    if given is None and isinstance(model, OfflineModel):
        print(
            "agno: no key is set and no Ollama is running, so OfflineModel answers: rules that quote, no language model.",
            file=sys.stderr,
        )


def _agent(model: Model, paths: list[str], **settings: object) -> Agent:
    tools = []
    if paths:
        passages, notes = read_all(paths)
        for note in notes:
            print(f"agno: left out: {note}", file=sys.stderr)
        tools = [Library(passages)]
    return Agent(model=model, tools=tools, instructions=_INSTRUCTIONS, **settings)


def _answer(agent: Agent, question: str) -> int:
    """Stream an answer to standard output; the exit code."""
    for event in agent.run(question, stream=True):
        if isinstance(event, RunContentEvent) and event.content:
            print(event.content, end="", flush=True)
        elif isinstance(event, RunErrorEvent):
            print(f"\nagno: {event.content}", file=sys.stderr)
            return 2
    print()
    return 0


def _chat(options: argparse.Namespace) -> int:
    model = chosen_model(options.model)
    db = SqliteDb(db_file=options.db)
    agent = _agent(
        model, options.paths, db=db, session_id=options.session, add_history_to_context=True, num_history_runs=10
    )
    _say_what_answers(model, options.model)
    if sys.stdin.isatty():
        print(f"{model.get_provider()} {model.id}, session {options.session!r} in {options.db}. {_HELP}")
    return talk(agent)


def talk(agent: Agent) -> int:
    """A prompt loop until /exit or the end of input; the exit code of the last answer."""
    prompt, code = "> " if sys.stdin.isatty() else "", 0
    while True:
        try:
            text = input(prompt).strip()
        except EOFError:
            return code
        if text in ("/exit", "/quit"):
            return code
        if text == "/help":
            print(_HELP)
        elif text == "/history":
            _show_history(agent)
        elif text == "/new":
            agent = agent.deep_copy(update={"session_id": None})
            print("A new session.")
        elif text.startswith("/"):
            print(f"There is no command {text.split()[0]!r}. {_HELP}")
        elif text:
            code = _answer(agent, text)


def _show_history(agent: Agent) -> None:
    session = agent.get_session() if agent.known_session_id() else None
    for message in session.get_messages_for_session() if session is not None else ():
        print(f"{message.role}: {message.get_content_string()}")


if __name__ == "__main__":
    sys.exit(main())
