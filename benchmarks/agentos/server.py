"""One server on a port of its own: `python -m benchmarks.agentos.server ROW PORT FOLDER HTTP`. FOLDER holds the bytes to return,
HTTP is what uvicorn reads requests with.

AgentOS is used through what Agno 2.0.0 has, too, so that it runs the same lines.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, File, Form, UploadFile
from starlette.responses import Response, StreamingResponse

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.base import Model
from agno.models.response import ModelResponse
from agno.os import AgentOS

PIECES = 100
PIECE = "eight ch"


class Instant(Model):
    """A model that answers at once: what is left is the service."""

    def __init__(self, piece: str = PIECE, pieces: int = PIECES) -> None:
        super().__init__(id="instant", name="Instant", provider="Bench")
        self.piece, self.pieces = piece, pieces

    def invoke(self, *given: Any, **options: Any) -> ModelResponse:
        return ModelResponse(role="assistant", content=self.piece * self.pieces)

    async def ainvoke(self, *given: Any, **options: Any) -> ModelResponse:
        return ModelResponse(role="assistant", content=self.piece * self.pieces)

    def invoke_stream(self, *given: Any, **options: Any) -> Iterator[ModelResponse]:
        for _ in range(self.pieces):
            yield ModelResponse(content=self.piece)

    async def ainvoke_stream(self, *given: Any, **options: Any) -> AsyncIterator[ModelResponse]:
        for _ in range(self.pieces):
            yield ModelResponse(content=self.piece)

    def _parse_provider_response(self, response: Any, **options: Any) -> Any:
        return response

    def _parse_provider_response_delta(self, response: Any, **options: Any) -> Any:
        return response


def us(folder: Path) -> Any:
    """AgentOS as it is by default: agent `a` is compared, `large` says 16 MB in 2,000 pieces."""
    large = Agent(name="Large", id="large", model=Instant("eight kB" * 1024, 2_000), telemetry=False)
    agent = Agent(name="A", id="a", model=Instant(), telemetry=False)
    return AgentOS(agents=[agent, large], telemetry=False).get_app()


def us_sqlite(folder: Path) -> Any:
    """The same with a database, so that sessions and runs are kept."""
    agent = Agent(name="A", id="a", model=Instant(), db=SqliteDb(db_file=str(folder / "os.db")))
    return AgentOS(agents=[agent]).get_app()


def fastapi(folder: Path) -> Any:
    """A route of FastAPI that declares the form, and returns the bytes; a stream goes out event by event."""
    plain, frames = _recorded(folder)
    app = FastAPI()

    @app.post("/agents/{agent_id}/runs")
    async def run(
        agent_id: str,
        message: str = Form(...),
        stream: bool = Form(False),
        session_id: str | None = Form(None),
        user_id: str | None = Form(None),
        files: Annotated[list[UploadFile] | None, File()] = None,
    ) -> Response:
        async def events() -> AsyncIterator[bytes]:
            for frame in frames:
                yield frame

        if stream:
            return StreamingResponse(events(), media_type="text/event-stream")
        return Response(plain, media_type="application/json")

    return app


def _recorded(folder: Path) -> tuple[bytes, list[bytes]]:
    frames = (folder / "stream").read_bytes().split(b"\n\n")
    return (folder / "plain").read_bytes(), [frame + b"\n\n" for frame in frames if frame]


ROWS = {"us": us, "us-sqlite": us_sqlite, "agno-2.0.0": us, "fastapi": fastapi}

if __name__ == "__main__":
    row, port, folder, http = sys.argv[1:]
    app = ROWS[row](Path(folder))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False, http=http, loop="asyncio")
