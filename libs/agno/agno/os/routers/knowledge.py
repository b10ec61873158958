"""Routes of knowledge: its contents have no owner, so all but searching is for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agno.db.tables import KNOWLEDGE
from agno.knowledge.chunking.strategy import ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.content import Content, ContentStatus
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.os import _docs as docs
from agno.os._adding import additions_of, begun, metadata_of, reader_of
from agno.os._bodies import read
from agno.os._components import ask
from agno.os._operators import operators_only
from agno.os._pages import Page, as_json, iso, paginated, sorted_by
from agno.os.schema.knowledge import (
    ConfigResponseSchema,
    ContentResponseSchema,
    ContentStatusResponse,
    DocumentSchema,
    SearchGiven,
)
from agno.os.schema.pages import Paginated

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Keys = list[str]
_SORTED = Annotated[Page, Depends(sorted_by("created_at", ("created_at", "updated_at", "name", "id"), KNOWLEDGE))]
_TEXT_OR_JSON = {"type": "string", "description": "A JSON object as text; other text becomes its `value`."}
_NEW = docs.form(
    {
        "name": docs.TEXT, "description": docs.TEXT, "url": docs.TEXT, "metadata": _TEXT_OR_JSON, "text_content": docs.TEXT,
        "reader_id": docs.TEXT, "chunker": docs.TEXT, "file": {"type": "string", "format": "binary"},
    }
)  # fmt: skip
_CHANGE = docs.form({"name": docs.TEXT, "description": docs.TEXT, "metadata": _TEXT_OR_JSON, "reader_id": docs.TEXT})


def router(os: AgentOS) -> APIRouter | None:
    """/knowledge; None where no database is served, and so no list of contents."""
    if not os.components.dbs:
        return None
    made, routes, one = APIRouter(tags=["Knowledge"]), KnowledgeRoutes(os), "/knowledge/content/{content_id}"
    table: list[tuple[str, str, Any, Any, int, str, Any]] = [
        ("GET", "/knowledge/content", routes.list, Paginated[ContentResponseSchema], 200, "Contents", None),
        ("POST", "/knowledge/content", routes.add, ContentResponseSchema, 202, "Add content", docs.extra(body=_NEW)),
        ("DELETE", "/knowledge/content", routes.delete_all, str, 200, "Remove all contents", None),
        ("GET", one, routes.get, ContentResponseSchema, 200, "One content", None),
        ("PATCH", one, routes.change, ContentResponseSchema, 200, "Change a content", docs.extra(body=_CHANGE)),
        ("DELETE", one, routes.delete, dict[str, str], 200, "Remove a content", None),
        ("GET", f"{one}/status", routes.status, ContentStatusResponse, 200, "How far a content is", None),
        ("GET", "/knowledge/config", routes.config, ConfigResponseSchema, 200, "Readers, chunkers and filters", None),
        ("POST", "/knowledge/search", routes.search, list[DocumentSchema], 200, "Search", None),
    ]
    for method, path, endpoint, model, status, summary, extra in table:
        made.add_api_route(
            path, endpoint, methods=[method], response_model=model, status_code=status, summary=summary,
            operation_id=f"{endpoint.__name__}_knowledge", openapi_extra=extra,
            responses=docs.errors(400, 404, 413, 415, 422),
        )  # fmt: skip
    return made


class KnowledgeRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(self, request: Request, page: _SORTED, db_id: str | None = None) -> Response:
        """The contents, the newest first."""
        operators_only(request, "knowledge", "read")
        contents, total = await self.os.components.knowledge_of(db_id).aget_content(**page.options())
        return paginated(contents, total, page, _shown)

    async def add(self, request: Request, db_id: str | None = None) -> Response:
        """Adds a file, a text, or what is found at a URL (for several URLs a JSON array: the answer is an array, too). It
        is read in the background; its status says how far it is."""
        operators_only(request, "knowledge", "write")
        knowledge = self.os.components.knowledge_of(db_id)
        body = await read(request, self.os.limits)
        contents = [await begun(knowledge, one) for one in await additions_of(body, knowledge, self.os.limits)]
        shown = [_shown(content) for content in contents]
        return as_json(shown[0] if len(shown) == 1 else shown, 202)

    async def get(self, request: Request, content_id: str, db_id: str | None = None) -> Response:
        """The content with this id."""
        operators_only(request, "knowledge", "read")
        return as_json(_shown(await self._found(content_id, db_id)))

    async def status(self, request: Request, content_id: str, db_id: str | None = None) -> Response:
        """Its status, and the reason of a failure."""
        operators_only(request, "knowledge", "read")
        content = await self._found(content_id, db_id)
        return as_json({"status": _status(content), "status_message": content.status_message or ""})

    async def change(self, request: Request, content_id: str, db_id: str | None = None) -> Response:
        """Changes name, description or metadata; metadata also on its chunks."""
        operators_only(request, "knowledge", "write")
        body = await read(request, self.os.limits)
        given = body.text("metadata")
        metadata = metadata_of(given)
        if metadata is not None and metadata == {"value": given}:
            raise HTTPException(400, "Invalid JSON format for metadata")
        knowledge = self.os.components.knowledge_of(db_id)
        reader_of(knowledge, body.text("reader_id"), None)
        await self._found(content_id, db_id)
        await knowledge.apatch_content(
            Content(id=content_id, name=body.text("name"), description=body.text("description"), metadata=metadata)
        )
        return as_json(_shown(await self._found(content_id, db_id)))

    async def delete(self, request: Request, content_id: str, db_id: str | None = None) -> Response:
        """Removes it with its chunks."""
        operators_only(request, "knowledge", "delete")
        await self._found(content_id, db_id)
        await self.os.components.knowledge_of(db_id).aremove_content_by_id(content_id)
        return as_json({"id": content_id})

    async def delete_all(self, request: Request, db_id: str | None = None) -> Response:
        """Removes all contents with their chunks."""
        operators_only(request, "knowledge", "delete")
        await self.os.components.knowledge_of(db_id).aremove_all_content()
        return as_json("success")

    async def config(self, request: Request, db_id: str | None = None) -> Response:
        """How content can be read here."""
        operators_only(request, "knowledge", "read")
        knowledge = self.os.components.knowledge_of(db_id)
        readers = {**await ask(ReaderFactory.create_all_readers), **(knowledge.readers or {})}
        of_type: dict[str, Keys] = {}
        for key, reader in readers.items():
            for kind in reader.get_supported_content_types():
                of_type.setdefault(getattr(kind, "value", str(kind)).lstrip("."), []).append(key)
        shown = {
            key: {
                "id": key,
                "name": reader.name or key,
                "description": reader.description or "",
                "chunkers": [kind.value for kind in reader.get_supported_chunking_strategies()],
            }
            for key, reader in readers.items()
        }
        filters = await knowledge.aget_filters()
        return as_json({"readers": shown, "readersForType": of_type, "chunkers": _chunkers(), "filters": filters})

    async def search(self, request: Request, given: SearchGiven, db_id: str | None = None) -> Response:
        """The passages that fit best."""
        knowledge = self.os.components.knowledge_of(db_id)
        found = await knowledge.asearch(given.query, given.max_results, given.filters, given.search_type)
        names = ("id", "content", "name", "meta_data", "content_id", "reranking_score")
        return as_json([{name: getattr(document, name) for name in names} for document in found])

    async def _found(self, content_id: str, db_id: str | None) -> Content:
        content: Content | None = await self.os.components.knowledge_of(db_id).aget_content_by_id(content_id)
        if content is None:
            raise HTTPException(404, f"Content not found: {content_id}")
        return content


def _chunkers() -> dict[str, Any]:
    found = {}
    for kind in ChunkingStrategyType:
        about = (ChunkingStrategyFactory.strategy_class(kind).__doc__ or "").strip().partition("\n")[0]
        found[kind.value] = {"key": kind.value, "name": kind.value, "description": about}
    return found


def _status(content: Content) -> str:
    return (content.status or ContentStatus.PROCESSING).value


def _shown(content: Content) -> dict[str, Any]:
    return {
        "id": content.id,
        "name": content.name,
        "description": content.description,
        "type": content.file_type,
        "size": None if content.size is None else str(content.size),
        "linked_to": None,
        "metadata": content.metadata,
        "access_count": None,
        "status": _status(content),
        "status_message": content.status_message or "",
        "created_at": iso(content.created_at),
        "updated_at": iso(content.updated_at),
    }


__all__ = ["router"]
