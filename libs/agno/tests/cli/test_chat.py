"""`agno chat`: the session outlives the process, whatever ended it."""

from __future__ import annotations

import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agno.testing import ScriptedServer, fails, last_user_text, says

from agno_command import Agno


def test_a_session_goes_on_in_the_next_process(agno: Agno) -> None:
    agno("chat", given="My name is Ada.\n")
    ended = agno("chat", given="What is my name?\n/history\n")
    assert ended.code == 0
    assert ended.out.count("You said before: “My name is Ada.”") == 2
    assert "> My name is Ada.\n" in ended.out and "> What is my name?\n" in ended.out


def test_commands(agno_here: Agno) -> None:
    ended = agno_here(
        "chat", given="/help\n/history\nhello\n/new trip\nto Rome\n/sessions\n/open default\n/history\n/quit\nlost\n"
    )
    assert ended.code == 0
    for command in ("/help", "/history", "/new", "/sessions", "/open", "/quit"):
        assert command in ended.out
    assert "Nothing was said in this session yet." in ended.out
    assert "* trip" in ended.out and "  default" in ended.out and "to Rome" in ended.out
    assert "session 'default' in " in ended.out and "(1 turn so far" in ended.out
    assert "lost" not in ended.out


def test_an_unknown_command_or_session_is_told(agno_here: Agno) -> None:
    ended = agno_here("chat", given="/frob x\n/open nowhere\n")
    assert "There is no command '/frob'; /help lists those there are." in ended.out
    assert "There is no session 'nowhere'" in ended.out
    assert ended.code == 2


def test_a_chat_about_files(agno_here: Agno, folder: Path) -> None:
    (folder / "a.md").write_text("Geese fly to Africa.\n")
    assert "a.md:1\n> Geese fly to Africa." in agno_here("chat", "a.md", given="Where do geese fly?\n").out


def test_what_an_answer_said_before_it_broke_off_is_in_the_history(agno_here: Agno) -> None:
    openai = {"OPENAI_API_KEY": "k"}
    with ScriptedServer(fails("cut", text="Half of an answer", after=2), says("Whole.")) as server:
        openai["OPENAI_BASE_URL"] = server.openai_url
        ended = agno_here("chat", "--model", "openai-chat:m", given="one\ntwo\n", **openai)
    assert ended.out == "Half of \nWhole.\n"
    assert "broke off here" in ended.refuses()
    history = agno_here("chat", given="/history\n").out
    assert "> one\nHalf of \n(broke off: The connection to OpenAI failed" in history
    assert "> two\nWhole.\n" in history


def test_a_history_is_given_to_the_model(agno_here: Agno) -> None:
    with ScriptedServer({"one": says("1"), "two": says("2")}, by=last_user_text) as server:
        variables = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.openai_url}
        agno_here("chat", "--model", "openai-chat:m", given="one\n", **variables)
        agno_here("chat", "--model", "openai-chat:m", given="two\n", **variables)
    assert [m.content for m in server.requests[1].messages if m.role != "system"] == ["one", "1", "two"]


def _old(folder: Path, columns: str) -> str:
    file = folder / "old.db"
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TABLE agno_sessions (session_id TEXT PRIMARY KEY, {columns})")
    return str(file)


@pytest.mark.parametrize("columns", ["foo TEXT", "user_id TEXT, memory TEXT, extra_data TEXT, team_session_id TEXT"])
def test_a_file_of_another_version_is_refused_with_what_to_do(agno_here: Agno, folder: Path, columns: str) -> None:
    file = _old(folder, columns)
    said = agno_here("chat", "--db", file, given="hello\n").refuses()
    assert said == (
        f"The chat file {file!r} was written by another version of Agno and cannot be read by this one: "
        "choose another with --db FILE, or move it away."
    )


def test_files_that_are_no_database(agno_here: Agno, folder: Path) -> None:
    (folder / "text.db").write_text("no database, but long enough to be looked at " * 10)
    (folder / "folder.db").mkdir()
    assert (
        "is no SQLite database. Choose another file with --db."
        in agno_here("chat", "--db", "text.db", given="x\n").refuses()
    )
    assert "unable to open database file" in agno_here("chat", "--db", "folder.db", given="x\n").refuses()
    assert "cannot be opened" in agno_here("chat", "--db", "text.db/x.db", given="x\n").refuses()


def test_a_missing_key_is_told_before_anything_is_typed(agno_here: Agno) -> None:
    assert "set OPENAI_API_KEY" in agno_here("chat", "--model", "openai:gpt-4o").refuses()


def test_input_that_is_no_utf_8_is_no_error(agno_here: Agno) -> None:
    ended = agno_here("chat", given=b"\xff\xfe\xfa\n")
    assert ended.code == 0 and "offline model" in ended.out


# At a terminal --------------------------------------------------------------------------------------------------------


class AtTerminal:
    """The command with a terminal of its own."""

    def __init__(self, environment: dict[str, str], folder: Path, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agno.cli.main", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**environment, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"},
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str) -> str:
        """What was shown up to some text."""
        end = time.monotonic() + 30
        while text not in self.seen:
            assert time.monotonic() < end and self._read(), f"{text!r} is not in {self.seen!r}"
        before, _, self.seen = self.seen.partition(text)
        return before

    def interrupt_at_prompt(self, text: str) -> None:
        """Press Ctrl-C until some text is shown.

        CPython's readline loses a signal that arrives after the prompt is drawn and before it waits for keys (it waits
        with select, unguarded); a person presses the key again.
        """
        for _ in range(30):
            self.type("\x03")
            while text not in self.seen and select.select([self._master], [], [], 1)[0]:
                assert self._read(), f"{text!r} is not in {self.seen!r}"
            if text in self.seen:
                self.wait_for(text)
                return
        raise AssertionError(f"{text!r} is not in {self.seen!r}")

    def end(self) -> int:
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(30)

    def _read(self) -> bool:
        waiting = select.poll()  # `select` takes no descriptor beyond 1023
        waiting.register(self._master, select.POLLIN | select.POLLHUP)
        assert waiting.poll(30_000), f"nothing more was shown after {self.seen!r}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_ctrl_c_stops_an_answer_and_ctrl_d_leaves(agno_here: Agno, environment: dict[str, str], folder: Path) -> None:
    with ScriptedServer(says("word " * 400, pace=0.05)) as server:
        variables = {**environment, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.openai_url}
        terminal = AtTerminal(variables, folder, "chat", "--model", "openai-chat:m")
        terminal.wait_for("/help lists commands")
        terminal.wait_for("> ")
        terminal.type("tell me\n")
        terminal.wait_for("word word")
        terminal.type("\x03")
        terminal.wait_for("(stopped; what was said so far is kept)")
        terminal.wait_for("> ")
        terminal.interrupt_at_prompt("(/quit or Ctrl-D leaves)")
        terminal.wait_for("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.seen
    assert "> tell me\nword word" in agno_here("chat", given="/history\n").out


def test_a_chat_that_was_killed_is_there_again(agno_here: Agno, environment: dict[str, str], folder: Path) -> None:
    agno_here("chat", given="before\n")
    with ScriptedServer(says("word " * 400, pace=0.05)) as server:
        variables = {**environment, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.openai_url}
        terminal = AtTerminal(variables, folder, "chat", "--model", "openai-chat:m")
        terminal.wait_for("1 turn so far")
        terminal.wait_for("> ")
        terminal.type("killed\n")
        terminal.wait_for("word word")
        terminal.process.send_signal(signal.SIGKILL)
        terminal.end()
    history = agno_here("chat", given="after\n/history\n").out
    assert history.index("> before") < history.index("> killed\n(the program ended") < history.index("> after")


def test_an_answer_at_a_terminal_shows_its_tools_and_the_refusal_is_one_sentence(
    environment: dict[str, str], folder: Path
) -> None:
    (folder / "a.md").write_text("Geese fly.\n")
    terminal = AtTerminal(environment, folder, "ask", "a.md", "Do geese fly?")
    shown = terminal.wait_for("Geese fly.")
    assert "Tool Calls" in shown and "search_documents(query='Do geese fly?')" in shown
    assert terminal.end() == 0
    down = {**environment, "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    terminal = AtTerminal(down, folder, "ask", "a.md", "q", "--model", "openai-chat:m")
    terminal.wait_for("agno: The connection to OpenAI failed")
    assert terminal.end() == 2 and "Traceback" not in terminal.seen
