"""`agno serve` and `agno demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agno.cli import _serve
from agno.cli.main import main

_AGENT = "from agno.agent import Agent\nfrom agno.testing import ScriptedModel\nhelper = Agent(name='Helper', model=ScriptedModel('Hi'))\n"
_OS = "from agno.os import AgentOS\nservice = AgentOS(name='Shop', agents=[helper])\n"


def file_with(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        (_AGENT, "", "mine"),
        (_AGENT + _OS, "", "Shop"),
        (_AGENT + _OS + "app = service.get_app()\n", "", "Shop"),
        (_AGENT + _OS + "app = service.get_app()\n", ":app", "Shop"),
        (_AGENT + _OS, ":helper", "Agno AgentOS"),
    ],
)
def test_what_a_file_defines_is_served(tmp_path: Path, text: str, name: str, title: str) -> None:
    service, app = _serve.found(file_with(tmp_path, text) + name)
    assert service.title == title and app is service.get_app()
    assert [agent.id for agent in service.agents] == ["helper"]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("a = 1\n", "", "nothing to serve"),
        ("a = 1\n", ":b", "defines no 'b'"),
        ("a = 1\n", ":a", "is a int; agno serve takes"),
        ("from fastapi import FastAPI\napp = FastAPI()\n", ":app", "without an AgentOS"),
    ],
)
def test_what_cannot_be_served_is_said_so(tmp_path: Path, text: str, name: str, words: str, capsys: Any) -> None:
    assert main(["serve", file_with(tmp_path, text) + name]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "a.py", "--port", "99999"], "'99999' is no port"),
        (["demo", "--port", "-1"], "'-1' is no port"),
        (["demo", "--seconds", "nan"], "'nan' is no length of time"),
    ],
)
def test_a_port_or_a_time_that_is_none_is_said_so(arguments: list[str], said: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said_so(capsys: Any) -> None:
    assert main(["serve", "nowhere.py"]) == 2
    assert "There is no file 'nowhere.py'" in capsys.readouterr().err


def test_it_is_not_served_to_others_without_a_key(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS_SECURITY_KEY", raising=False)
    assert main(["serve", "--host", "0.0.0.0", file_with(tmp_path, _AGENT)]) == 2
    assert "there is no key" in capsys.readouterr().err


def test_a_demo_answers_through_its_api_and_ends(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGNO_EMBEDDER", "hashing")
    (tmp_path / "shop.md").write_text("# Hours\n\nThe shop opens at nine in the morning.\n")
    command = [
        "demo",
        str(tmp_path),
        "--model",
        "offline:offline",
        "--question",
        "When does the shop open?",
        "--seconds",
        "0",
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "serves at http://127.0.0.1:" in said and "opens at nine" in said and "POST http" in said
