"""The options of `agno serve` and `agno demo`. What they need is loaded when they run."""

from __future__ import annotations

import argparse
from typing import Any

from agno.utils.later import later

_serve, _demo = later("agno.cli._serve"), later("agno.cli._demo")

QUESTION = "Why is there only one engine for sync and async?"
_LAST_PORT = 65_535
SECONDS = 10.0  # how long a demo stays where nobody sits at a terminal


def add_serve(commands: Any) -> None:
    """The command `agno serve`."""
    parser = commands.add_parser(
        "serve",
        help="serve the agents of a Python file: agno serve my_agents.py",
        usage="agno serve [--host HOST] [--port N] [--insecure] FILE[:NAME]",
        description="Serve what a Python file defines: the AgentOS or FastAPI app with this name; without one, the first that "
        "is there, else all its agents, teams and workflows. The key is read from OS_SECURITY_KEY.",
    )
    parser.add_argument("what", metavar="FILE[:NAME]", help="the file, and what of it")
    parser.add_argument("--host", default="localhost", help="the address to bind to (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=7777, help="the port (default: %(default)s)")
    parser.add_argument("--insecure", action="store_true", help="bind to other addresses without a key, too")
    parser.set_defaults(run=lambda options: _run(_serve, options))


def add_demo(commands: Any) -> None:
    """The command `agno demo`."""
    parser = commands.add_parser(
        "demo",
        help="start an AgentOS over your files, and ask it something",
        usage="agno demo [--question TEXT] [--port N] [PATH…]",
        description="Start an AgentOS with an agent, a team and a workflow over files, ask it one question through its API, and "
        f"go on serving: until Ctrl-C in a terminal, else for {SECONDS:.0f} seconds.",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: this folder)")
    parser.add_argument("--question", default=QUESTION, help="what is asked (default: %(default)r)")
    parser.add_argument("--model", metavar="PROVIDER:ID", help="as of agno ask")
    parser.add_argument("--db", help="a SQLite file to keep sessions in (default: one that goes when the demo ends)")
    parser.add_argument("--port", type=_port, default=0, help="the port (default: a free one)")
    parser.add_argument("--seconds", type=_seconds, help="how long to serve after the answer")
    parser.set_defaults(run=lambda options: _run(_demo, options))


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 (a free one) to {_LAST_PORT}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time: give seconds, such as 30")
    return seconds


def _run(module: Any, options: argparse.Namespace) -> int:
    try:
        run = module.run
    except ModuleNotFoundError as error:
        raise ImportError(f'This command needs the package {error.name!r}: pip install "agno[os]"') from error
    code: int = run(options)
    return code


__all__ = ["SECONDS", "add_demo", "add_serve"]
