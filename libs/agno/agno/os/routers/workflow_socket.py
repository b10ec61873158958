"""The WebSocket for workflows: start, follow, come back, continue and cancel, in JSON frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket

from agno.os._socket import Conversation

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def router(os: AgentOS) -> APIRouter:
    """/workflows/ws."""
    made = APIRouter()

    async def workflow_socket(websocket: WebSocket) -> None:
        await Conversation(os, websocket).hold()

    made.add_api_websocket_route("/workflows/ws", workflow_socket, name="workflow_socket")
    return made


__all__ = ["router"]
