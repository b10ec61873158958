"""The `agno` command as a user runs it: a process of its own, without keys, in an empty home."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "OPENAI_BASE_URL")
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def refuses(self) -> str:
        """The one sentence of a refusal, without the notice that rules answer."""
        sentences = [line for line in self.err.splitlines() if "OfflineModel answers" not in line]
        assert self.code == 2, self
        assert "Traceback" not in self.err + self.out, self.err
        assert len(sentences) == 1 and sentences[0].startswith("agno: "), self.err
        return sentences[0].removeprefix("agno: ")


Agno = Callable[..., Ended]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No key, no Ollama, no embedding model, a home of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in _KEYS}
    home = tmp_path / "home"
    home.mkdir()
    cache = {"AGNO_CACHE_DIR": str(home / "cache"), "AGNO_EMBEDDER": "hashing"}
    return {**kept, **cache, "HOME": str(home), "OLLAMA_HOST": NOBODY_LISTENS, "PYTHONUTF8": "1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command runs."""
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def agno_here(
    environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Agno:
    """The same in this process, without the start of an interpreter: for what the command says, not for how its process ends."""
    from agno.cli.main import main

    def run(*arguments: str, given: str | bytes = "", **variables: str) -> Ended:
        typed = io.BytesIO(given if isinstance(given, bytes) else given.encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed, encoding="utf-8"))
        monkeypatch.chdir(folder)
        for name in _KEYS:
            monkeypatch.delenv(name, raising=False)
        for name, value in {**environment, **variables}.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        try:
            code = main([*arguments])
        except SystemExit as end:  # argparse has said it
            code = int(end.code or 0)
        return Ended(code, *capfd.readouterr())

    return run


@pytest.fixture
def agno(environment: dict[str, str], folder: Path) -> Agno:
    """`agno(*arguments, given=standard input, **variables)`, in a process of its own: for what `agno_here` cannot show."""

    def run(*arguments: str, given: str | bytes = "", **variables: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-m", "agno.cli.main", *arguments],
            input=given if isinstance(given, bytes) else given.encode(),
            capture_output=True,
            cwd=folder,
            env={**environment, **variables},
            timeout=50,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))

    return run
