"""`agno ask PATH… "question"`, `agno chat`, `agno serve`, `agno demo`, `agno prune` and `agno migrate`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import cache

from pydantic import ValidationError

from agno import __version__
from agno.agent import Agent
from agno.cli import _migrate
from agno.cli._answering import FAILED, INTERRUPTED, answer
from agno.cli._chat import chat
from agno.cli._filling import library
from agno.cli._home import home
from agno.cli._models import chosen_model
from agno.cli._prune import add_prune
from agno.cli._sentences import one_line, tell
from agno.cli._service_commands import add_demo, add_serve
from agno.exceptions import AgnoError
from agno.models.base import Model
from agno.models.offline import OfflineModel

_INSTRUCTIONS = "Answer briefly and to the point."


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives its exit code: 0, or 2 with one sentence on standard error."""
    _open_closed()
    _print_anything()
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        return FAILED
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (AgnoError, ImportError, ValueError, ValidationError, OSError) as error:
        tell(one_line(str(error)))
        return FAILED


def _open_closed() -> None:
    """Who closed a stream (`agno ask … >&-`) wants nothing from it, or gives nothing to it."""
    for name, way in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, way))  # noqa: SIM115  # as long as the process


def _print_anything() -> None:
    """A terminal that cannot show a character shows another one; that is no reason to fail."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agno", description="Agents over your files, from the command line.")
    parser.add_argument("--version", action="version", version=f"agno {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    ask = commands.add_parser(
        "ask",
        help='answer a question from files: agno ask docs/ report.pdf "question"',
        usage='agno ask [--model PROVIDER:ID] PATH… "QUESTION"',
        description="Answer a question from Markdown, text, HTML, PDF and code, quoting file and line or page.",
    )
    ask.add_argument("what", nargs="+", metavar="PATH… QUESTION", help="files and folders (- is standard input); the question comes last")  # fmt: skip
    ask.set_defaults(run=_ask)
    talk = commands.add_parser(
        "chat",
        help="talk; the session is kept in a SQLite file",
        usage="agno chat [--model PROVIDER:ID] [--db FILE] [--session NAME] [PATH…]",
        description="Talk with a model, if you like about files. What was said is kept; /help lists what else there is.",
    )
    chats = str(home() / ".agno" / "chat.db")
    talk.add_argument("--db", default=chats, help="the file (default: %(default)s)")
    talk.add_argument("--session", default="default", help="which session to go on with (default: %(default)s)")
    talk.add_argument("paths", nargs="*", metavar="PATH", help="files and folders to talk about")
    talk.set_defaults(run=_chat)
    add_serve(commands)
    add_demo(commands)
    add_prune(commands, chats)
    _add_migrate(commands)
    for command in (ask, talk):
        command.add_argument(
            "--model",
            metavar="PROVIDER:ID",
            help="for example openai:gpt-4o, ollama:llama3.1, offline:offline (default: the first provider "
            "whose key is set, else a running Ollama, else the offline model)",
        )
    return parser


def _add_migrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "migrate",
        help="bring a database that Agno 1 or 2.0 wrote to this version",
        description="Move sessions and memories of Agno 1, and the runs that Agno 2.0 kept in its sessions, to where this "
        "version keeps them. It may be stopped and begun again at any moment; old tables are kept.",
    )
    _migrate.add_options(parser)
    parser.set_defaults(run=_migrate.run)


def _ask(options: argparse.Namespace) -> int:
    *paths, question = options.what
    _check_question(paths, question)
    model = chosen_model(options.model)
    agent = _agent(model, paths)
    _say_what_answers(model, options.model)
    return answer(agent, question)


def _check_question(paths: list[str], question: str) -> None:
    if not question.strip():
        raise ValueError("The question is empty.")
    if os.path.exists(question):
        raise ValueError(f'The question is missing: {question!r} is a path. Write agno ask {question} "your question".')
    if not paths:
        raise ValueError(f'agno ask needs at least one file or folder before the question: agno ask PATH "{question}".')
    unknown = [path for path in paths if path != "-" and not os.path.lexists(path)]
    if unknown and len(paths) > 1:
        what = f"There is no file or folder {unknown[0]!r}"
        raise ValueError(f"{what}; if it belongs to the question, put the whole question in quotation marks.")


def _say_what_answers(model: Model, given: str | None) -> None:
    if given is None and isinstance(model, OfflineModel):
        _say_that_rules_answer()


@cache
def _say_that_rules_answer() -> None:
    tell("no key is set and no Ollama is running, so OfflineModel answers: rules that quote, no language model.")


def _agent(model: Model, paths: list[str], **settings: object) -> Agent:
    tools = [library(paths, tell)] if paths else []
    return Agent(model=model, tools=tools, instructions=_INSTRUCTIONS, markdown=True, **settings)


def _chat(options: argparse.Namespace) -> int:
    model = chosen_model(options.model)
    agent = _agent(model, options.paths, session_id=options.session, add_history_to_context=True, num_history_runs=10)
    _say_what_answers(model, options.model)
    return chat(agent, options.db)


if __name__ == "__main__":
    sys.exit(main())
