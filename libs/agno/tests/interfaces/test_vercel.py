"""What the AI SDK would not send is refused with a sentence; the chats themselves are in tests/node."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.os.interfaces.vercel import Vercel
from agno.testing import ScriptedModel, says

from os_serving import app_of, request

HI: Any = {"id": "1", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}


@pytest.mark.parametrize(
    "body, words",
    [
        ({}, "id"),
        ({"id": "c", "messages": []}, "messages"),
        ({"id": 1, "messages": [HI]}, "id"),
        ({"id": "c", "messages": [{**HI, "parts": ["x"]}]}, "parts"),
        ({"id": "c", "messages": [HI], "tools": [{"name": ""}]}, "tools"),
        ({"id": "c", "messages": [{**HI, "parts": [{"type": "file", "url": "file:///etc/passwd"}]}]}, "data: url"),
        ({"id": "c", "messages": [{**HI, "parts": [{"type": "file", "url": "data:a/b;base64,&&"}]}]}, "cannot be read"),
    ],
)
def test_a_body_that_is_wrong_is_refused(body: Any, words: str) -> None:
    agent = Agent(model=ScriptedModel(says("never")))

    answer = request(app_of(Vercel(agent=agent)), "POST", "/api/chat", json=body)

    assert answer.status_code == 400 and words in answer.text


def test_a_chat_is_streamed_with_the_header_of_the_protocol() -> None:
    app = app_of(Vercel(agents=[Agent(id="poet", model=ScriptedModel(says("A line.")))]))

    answer = request(app, "POST", "/api/chat/poet", json={"id": "c", "messages": [HI]})
    unknown = request(app, "POST", "/api/chat/nobody", json={"id": "c", "messages": [HI]})

    assert answer.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert answer.text.rstrip().endswith("data: [DONE]") and unknown.status_code == 404


def test_two_components_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="have the id"):
        Vercel(agents=[Agent(id="a", model=ScriptedModel()), Agent(id="a", model=ScriptedModel())])
    with pytest.raises(ValueError, match="nothing to serve"):
        Vercel()
