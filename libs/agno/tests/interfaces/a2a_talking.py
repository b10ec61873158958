"""Conversations with the client of the A2A SDK over loopback, in each binding and version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, SendMessageConfiguration, SendMessageRequest, TaskState
from google.protobuf.json_format import MessageToDict, ParseDict

from agno.agent import Agent
from agno.os import AgentOS
from agno.os.interfaces.a2a import A2A
from agno.testing import ScriptedModel
from agno.utils.ids import new_id

from os_serving import served

DIALECTS = [(version, binding) for version in ("1.0", "0.3") for binding in ("JSONRPC", "HTTP+JSON")]


def agent_of(*turns: Any, **settings: Any) -> Agent:
    return Agent(**{"name": "Helper", "model": ScriptedModel(*turns), **settings})


def os_of(component: Any, **settings: Any) -> AgentOS:
    """An AgentOS that serves a component by A2A."""
    kind = f"{component.session_type}s"
    return AgentOS(**{kind: [component]}, interfaces=[A2A(**{kind: [component]})], **settings)


def part(given: Any) -> Part:
    """Text, data, or a part as it is."""
    if isinstance(given, Part):
        return given
    made = Part(text=given) if isinstance(given, str) else Part()
    if not isinstance(given, str):
        ParseDict(given, made.data)
    return made


class Peer:
    """A client of one component."""

    def __init__(self, client: Any, http: httpx.AsyncClient, base: str) -> None:
        self.client, self.http, self.base = client, http, base

    def request(self, *parts: Any, at_once: bool = False, metadata: Any = None, **ids: str) -> SendMessageRequest:
        message = Message(message_id=new_id(), role=Role.ROLE_USER, parts=[part(one) for one in parts], **ids)
        if metadata:
            message.metadata.update(metadata)
        return SendMessageRequest(message=message, configuration=SendMessageConfiguration(return_immediately=at_once))

    async def stream(self, *parts: Any, **options: Any) -> list[Any]:
        """What happens: tasks, status updates and artifact updates."""
        return [inner(event) async for event in self.client.send_message(self.request(*parts, **options))]

    async def send(self, *parts: Any, **options: Any) -> Any:
        """The task, without a stream."""
        self.client._config.streaming = False
        try:
            (task,) = await self.stream(*parts, **options)
        finally:
            self.client._config.streaming = True
        return task


def talk(
    service: AgentOS,
    go: Callable[[Peer], Awaitable[Any]],
    dialect: tuple[str, str] = ("1.0", "JSONRPC"),
    path: str = "agents/helper",
    headers: dict[str, str] | None = None,
) -> Any:
    """What `go(peer)` gives."""

    async def main(url: str) -> Any:
        async with httpx.AsyncClient(headers=headers, timeout=30) as http:
            base = f"{url}/a2a/{path}"
            card = await A2ACardResolver(http, base).get_agent_card()
            fitting = [
                one for one in card.supported_interfaces if (one.protocol_version, one.protocol_binding) == dialect
            ]
            del card.supported_interfaces[:]
            card.supported_interfaces.extend(fitting)
            config = ClientConfig(httpx_client=http, supported_protocol_bindings=[dialect[1]])
            return await go(Peer(ClientFactory(config).create(card), http, base))

    with served(service) as server:
        return asyncio.run(main(server.url))


def inner(event: Any) -> Any:
    """What is in a response of a stream."""
    return getattr(event, event.WhichOneof("payload"))


def states(events: list[Any]) -> list[str]:
    """The states in their order, each once."""
    found = [state(one) for one in events if hasattr(one, "status")]
    return list(dict.fromkeys(found))


def state(task: Any) -> str:
    return TaskState.Name(task.status.state).removeprefix("TASK_STATE_").lower()


def answer(events: list[Any]) -> str:
    """The text of the answer, put together from its pieces."""
    said = ""
    for update in events:
        if hasattr(update, "artifact") and update.artifact.artifact_id == "answer":
            said = (said if update.append else "") + update.artifact.parts[0].text
    return said


def text(task: Any) -> str:
    """The text of the answer of a whole task."""
    return "".join(one.text for artifact in task.artifacts for one in artifact.parts)


def told(events: list[Any]) -> list[dict[str, Any]]:
    """What updates of the status say about the run."""
    return [MessageToDict(one.metadata)["agno"] for one in events if hasattr(one, "status") and "agno" in one.metadata]


def questions(task: Any) -> list[dict[str, Any]]:
    """What a task asks, as data."""
    asked: list[dict[str, Any]] = MessageToDict(task.status.message.parts[1].data)["questions"]
    return asked


def note(task: Any) -> str:
    """What the agent says with the status."""
    said: str = task.status.message.parts[0].text if task.status.message.parts else ""
    return said
