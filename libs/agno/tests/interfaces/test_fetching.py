"""Files that callers name by URL are read by the service, from public addresses only; the run gets what was there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from agno.agent import Agent
from agno.os import AgentOS
from agno.os._bodies import Limits
from agno.os.interfaces.agui import AGUI
from agno.os.interfaces.openai import OpenAIApi
from agno.os.interfaces.vercel import Vercel
from agno.testing import ScriptedModel, says

from os_serving import served

PNG = b"\x89PNG\r\n\x1a\n picture"


class _Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.send_header("content-length", str(len(PNG)))
        self.end_headers()
        self.wfile.write(PNG)

    def log_message(self, *given: Any) -> None:
        pass


@pytest.fixture(scope="module")
def pictures() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), _Pictures)
    server.seen = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def requests_with(url: str) -> dict[str, tuple[str, Any]]:
    """A request that names a picture, by its interface."""
    said = {"type": "image_url", "image_url": {"url": url}}
    source = {"type": "url", "value": url, "mimeType": "image/png"}
    thread: dict[str, Any] = {
        "threadId": "t",
        "runId": "r",
        "state": {},
        "tools": [],
        "context": [],
        "forwardedProps": {},
    }
    words = {"type": "text", "text": "What is it?"}
    return {
        "chat": ("/v1/chat/completions", {"model": "eye", "messages": [{"role": "user", "content": [words, said]}]}),
        "responses": (
            "/v1/responses",
            {"model": "eye", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]},
        ),
        "vercel": (
            "/api/chat",
            {
                "id": "c",
                "messages": [
                    {
                        "id": "1",
                        "role": "user",
                        "parts": [words, {"type": "file", "mediaType": "image/png", "url": url}],
                    }
                ],
            },
        ),
        "agui": (
            "/agui",
            {
                **thread,
                "messages": [{"id": "1", "role": "user", "content": [words, {"type": "image", "source": source}]}],
            },
        ),
    }


KINDS = sorted(requests_with(""))


def service(model: ScriptedModel, **limits: Any) -> AgentOS:
    agent = Agent(id="eye", name="Eye", model=model)
    private = bool(limits.pop("allow_private", False))
    kinds = (OpenAIApi(agents=[agent], allow_private=private), Vercel(agent=agent, allow_private=private))
    return AgentOS(
        agents=[agent], interfaces=[*kinds, AGUI(agent=agent, allow_private=private)], limits=Limits(**limits)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_inside_of_the_network_is_not_read(kind: str, pictures: Any) -> None:
    model = ScriptedModel(says("Tom"), repeat=True)
    pictures.seen.clear()
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"):
        path, body = requests_with(f"http://{host}:{pictures.server_port}/cat.png")[kind]
        with served(service(model)) as server:
            answer = httpx.post(server.url + path, json=body, timeout=30)
        assert "nothing public was found there" in answer.text and "Tom" not in answer.text
    assert pictures.seen == [] and model.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_where_private_addresses_are_allowed_the_model_gets_the_bytes(kind: str, pictures: Any) -> None:
    model = ScriptedModel(says("Tom"))
    path, body = requests_with(f"http://127.0.0.1:{pictures.server_port}/cat.png")[kind]
    with served(service(model, allow_private=True)) as server:
        assert "Tom" in httpx.post(server.url + path, json=body, timeout=30).text
    [image] = model.requests[0].messages[-1].images
    assert (image.content, image.url, image.mime_type) == (PNG, None, "image/png")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_is_too_large_is_not_read_to_its_end(kind: str, pictures: Any) -> None:
    model = ScriptedModel(says("Tom"), repeat=True)
    path, body = requests_with(f"http://127.0.0.1:{pictures.server_port}/cat.png")[kind]
    with served(service(model, allow_private=True, file=5)) as server:
        assert "larger than 5 bytes" in httpx.post(server.url + path, json=body, timeout=30).text
    assert model.requests == []
