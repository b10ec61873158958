"""What a guardrail refuses is told in its words, by each protocol; what broke inside is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from agno.agent import Agent
from agno.exceptions import CheckTrigger, InputCheckError
from agno.guardrails import BaseGuardrail
from agno.os import AgentOS
from agno.os.interfaces.a2a import A2A
from agno.os.interfaces.agui import AGUI
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.testing import ScriptedModel, fails

from os_serving import Served, served


class NoCoffee(BaseGuardrail):
    """Refuses coffee."""

    def check(self, run_input: Any) -> None:
        if "coffee" in str(run_input.input_content):
            raise InputCheckError("We serve tea.", check_trigger=CheckTrigger.OFF_TOPIC)

    async def async_check(self, run_input: Any) -> None:
        self.check(run_input)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    model = ScriptedModel(fails(RuntimeError("the key sk-secret is wrong")), repeat=True)
    clerk = Agent(id="clerk", model=model, pre_hooks=[NoCoffee()])
    protocols = [AGUI(agent=clerk), OpenAIApi(agents=[clerk]), Vercel(agents=[clerk]), A2A(agents=[clerk])]
    with served(AgentOS(agents=[clerk], interfaces=protocols)) as service:
        yield service


def requests_with(text: str) -> dict[str, tuple[str, dict[str, Any]]]:
    said = {"role": "user", "content": text}
    chat = {"model": "clerk", "messages": [said]}
    thread = {"threadId": "t", "runId": "r", "state": {}, "tools": [], "context": [], "forwardedProps": {}}
    parts = [{"id": "m", "role": "user", "parts": [{"type": "text", "text": text}]}]
    message = {"messageId": text, "role": "user", "parts": [{"kind": "text", "text": text}]}
    return {
        "chat": ("/v1/chat/completions", chat),
        "chat, streamed": ("/v1/chat/completions", {**chat, "stream": True}),
        "responses": ("/v1/responses", {"model": "clerk", "input": text}),
        "responses, streamed": ("/v1/responses", {"model": "clerk", "input": text, "stream": True}),
        "AG-UI": ("/agui", {**thread, "messages": [{"id": "m", **said}]}),
        "Vercel": ("/api/chat", {"id": "c", "messages": parts}),
        "A2A": (
            "/a2a/agents/clerk",
            {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": message}},
        ),
    }


@pytest.mark.parametrize("way", requests_with(""))
def test_what_a_guardrail_refuses_is_told_and_what_broke_is_not(server: Served, way: str) -> None:
    path, body = requests_with("A coffee, please")[way]
    refused = httpx.post(server.url + path, json=body, timeout=30)
    assert "We serve tea." in refused.text and "error id" not in refused.text
    path, body = requests_with("A tea, please")[way]
    failed = httpx.post(server.url + path, json=body, timeout=30)
    assert "sk-secret" not in failed.text and "failed" in failed.text
