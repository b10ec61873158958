"""The WebSocket for workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket

if TYPE_CHECKING:
    from agno.os.app import AgentOS


def router(os: AgentOS) -> APIRouter:
    """/workflows/ws."""
    made = APIRouter()

    async def workflow_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json({"event": "connected", "message": "Connected to workflow events"})

    made.add_api_websocket_route("/workflows/ws", workflow_socket, name="workflow_socket")
    return made


__all__ = ["router"]
