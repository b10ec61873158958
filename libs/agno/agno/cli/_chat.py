"""`agno chat`: a prompt, commands that begin with a slash, and a session that outlives the process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from typing import Any

from agno.agent import Agent
from agno.cli._answering import FAILED, INTERRUPTED, answer
from agno.db.base import DbError, InvalidSchemaError
from agno.db.sqlite import SqliteDb
from agno.exceptions import AgnoError
from agno.run.base import RunStatus
from agno.utils._terminal import without_orders

_HELP = """\
/help            this list
/history         what was said in this session
/new [NAME]      begin a new session
/sessions        the sessions of this file
/open NAME       go on with one of them
/quit            leave; so does Ctrl-D. Ctrl-C stops an answer"""
_BROKEN_OFF = {
    RunStatus.error: "(broke off: {})",
    RunStatus.cancelled: "(stopped)",
    RunStatus.running: "(the program ended before the answer did)",
    RunStatus.pending: "(the program ended before the answer did)",
}


class ChatFileError(AgnoError):
    """The file cannot keep the chat; the message says why, and what to do."""


def chat(agent: Agent, file: str) -> int:
    """Talk until /quit or the end of input. Piped input gets exit code 2 if any of its answers failed."""
    try:
        agent.db = db = SqliteDb(db_file=file)
        talk = Chat(agent, db)
        return talk.at_terminal() if sys.stdin.isatty() else talk.through_pipe()
    except InvalidSchemaError as error:
        raise ChatFileError(
            f"The chat file {file!r} was written by another version of Agno and cannot be read by this one: choose "
            "another with --db FILE, or move it away."
        ) from error
    except DbError as error:
        raise ChatFileError(str(error).replace("another db_file", "another file with --db")) from error


class Chat:
    """A conversation. `agent` is the one of the current session."""

    def __init__(self, agent: Agent, db: SqliteDb) -> None:
        self.agent = agent
        self.db = db
        self.left = False
        self.runs = self._runs()  # also the proof that the file can be read
        self._commands: dict[str, Callable[[str], None]] = {
            "/help": lambda _: print(_HELP),
            "/history": self.history,
            "/new": self.new,
            "/sessions": self.sessions,
            "/open": self.open,
            "/quit": self.quit,
            "/exit": self.quit,
        }

    def at_terminal(self) -> int:
        """A prompt with line editing. A failed answer does not end the chat."""
        with suppress(ImportError):  # not everywhere; without it the terminal edits lines in its own way
            readline = import_module("readline")
            for run in self.runs:
                readline.add_history(_asked(run).replace("\n", " "))
        model: Any = self.agent.model
        print(f"{model.get_provider()} {model.id} · {self._where()} · /help lists commands")
        while not self.left:
            try:
                text = input("> ")
            except EOFError:
                print()
                break
            except KeyboardInterrupt:
                print("\n(/quit or Ctrl-D leaves)")
                continue
            self.take(text.strip())
        return 0

    def through_pipe(self) -> int:
        """One line after the other."""
        codes = [0]
        for line in sys.stdin:
            codes.append(self.take(line.strip()))
            if self.left or codes[-1] == INTERRUPTED:
                break
        return max(codes)

    def take(self, text: str) -> int:
        """Answer a line, or do what it commands. Gives the exit code that it stands for."""
        if not text:
            return 0
        if not text.startswith("/"):
            return self._answer(text)
        name, _, rest = text.partition(" ")
        command = self._commands.get(name.lower())
        if command is None:
            print(f"There is no command {name!r}; /help lists those there are.")
            return FAILED
        command(rest.strip())
        return 0

    def _answer(self, text: str) -> int:
        try:
            code = answer(self.agent, text)
        except KeyboardInterrupt:
            code = INTERRUPTED
        if code == INTERRUPTED:
            print("\n(stopped; what was said so far is kept)")
        return code

    # Commands --------------------------------------------------------------------------------------------------------

    def history(self, _: str) -> None:
        """Show what was said, also where it broke off."""
        runs = self._runs()
        if not runs:
            print("Nothing was said in this session yet.")
        for run in runs:
            print(f"> {without_orders(_asked(run))}")
            if said := _answered(run):
                print(without_orders(said))
            if (how := _BROKEN_OFF.get(run.status)) is not None:
                print(how.format(" ".join(str(run.content).split())))
            print()

    def new(self, name: str) -> None:
        """Begin a session."""
        self._go_to(name or f"chat-{datetime.now():%Y%m%d-%H%M%S}")

    def open(self, name: str) -> None:
        """Go on with a session."""
        known = [session.session_id for session in self._all()]
        if name in known:
            self._go_to(name)
        else:
            print(f"There is no session {name!r}; /sessions lists those there are." if name else "Write /open NAME.")

    def sessions(self, _: str) -> None:
        """List the sessions, the newest first."""
        sessions = self._all()
        if not sessions:
            print("There are no sessions in this file yet.")
        for session in sessions:
            when = datetime.fromtimestamp(session.updated_at or session.created_at or 0)
            here = "*" if session.session_id == self.agent.session_id else " "
            first = next((_asked(run) for run in session.runs or ()), "")
            print(f"{here} {session.session_id:<24} {when:%Y-%m-%d %H:%M}  {_turns(session.runs):<9} {_short(first)}")

    def quit(self, _: str) -> None:
        """Leave."""
        self.left = True

    def _go_to(self, name: str) -> None:
        self.agent = self.agent.deep_copy(update={"session_id": name})
        self.runs = self._runs()
        print(self._where())

    def _where(self) -> str:
        said = f"{_turns(self.runs)} so far, see /history" if self.runs else "new"
        return f"session {self.agent.session_id!r} in {self.db.db_file} ({said})"

    def _runs(self) -> list[Any]:
        session = self.agent.get_session()
        return list(session.runs or ()) if session is not None else []

    def _all(self) -> list[Any]:
        found: list[Any] = self.db.get_sessions(session_type="agent", sort_by="updated_at", sort_order="desc", limit=50)
        return found


def _asked(run: Any) -> str:
    return str(run.input.input_content) if run.input is not None else ""


def _answered(run: Any) -> str:
    """What the model said, joined from all of the run's turns."""
    if run.status is RunStatus.completed:
        return str(run.content or "")
    said = [m.get_content_string() for m in run.messages or () if m.role == "assistant" and not m.from_history]
    return "\n".join(text for text in said if text)


def _turns(runs: Any) -> str:
    count = len(runs or ())
    return "1 turn" if count == 1 else f"{count} turns"


def _short(text: str) -> str:
    line = " ".join(without_orders(text).split())
    return line if len(line) <= 48 else f"{line[:47]}…"


__all__ = ["Chat", "ChatFileError", "chat"]
