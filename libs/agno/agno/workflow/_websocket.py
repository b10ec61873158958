"""Events over a websocket. Anything with `async def send_text(text)` will do: no web framework is needed."""

from __future__ import annotations

from typing import Any

from agno.run.base import to_json
from agno.utils.log import log_warning


def format_sse_event(event: Any) -> str:
    """An event, or a dict with the key `event`, as a server-sent event: a line with its kind, a line with its JSON."""
    data = event if isinstance(event, dict) else event.to_dict()
    kind = str(data.get("event") or "message")
    return f"event: {kind}\ndata: {to_json(data, None)}\n\n"


class WebSocketHandler:
    """Sends what happens in a run. A socket that is gone does not stop the run: the rest is not sent."""

    def __init__(self, websocket: Any = None) -> None:
        self.websocket = websocket

    async def handle_event(self, event: Any) -> None:
        """Send an event."""
        if self.websocket is not None:
            await self._send(format_sse_event(event))

    async def handle_text(self, message: str) -> None:
        """Send a text as it is."""
        await self._send(message)

    async def handle_dict(self, data: dict[str, Any]) -> None:
        """Send a dict as an event."""
        await self._send(format_sse_event(data))

    async def _send(self, text: str) -> None:
        if self.websocket is None:
            return
        try:
            await self.websocket.send_text(text)
        except Exception as error:  # whoever read it has left; the run goes on and can be looked up
            log_warning(f"The websocket took no more events ({error}); the run goes on without it.")
            self.websocket = None


__all__ = ["WebSocketHandler", "format_sse_event"]
