"""Search by a LightRAG server: texts, and what a model made of them as a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn

import httpx

from agno._io import ASYNC, IO, asynchronous, sync
from agno._io.loops import PerLoop
from agno.knowledge._arguments import number
from agno.knowledge.document import Document
from agno.utils.rebuild import Rebuildable
from agno.vectordb.base import VectorDb, VectorDbError, VectorDbUnavailableError
from agno.vectordb.lightrag._sources import Kept, Source, hashed, read, source_of

_PAGE = 200  # documents in one list
_PAUSE = 0.5  # seconds between two looks whether the server is done
_DONE = ("processed", "failed")
Mode = Literal["local", "global", "hybrid", "naive", "mix"]


class Served(Rebuildable):
    """The methods of a `LightRag`, in both colours."""

    blocking = True  # the methods wait for a network

    def __init__(
        self,
        server_url: str = "http://localhost:9621",
        api_key: str | None = None,
        auth_header_name: str = "X-API-KEY",
        auth_header_format: str = "{api_key}",
        query_mode: Mode = "mix",
        timeout: float = 60.0,
        wait_seconds: float = 600.0,
    ) -> None:
        self.server_url, self.api_key = server_url.rstrip("/"), api_key
        self.auth_header_name, self.auth_header_format = auth_header_name, auth_header_format
        number(self, "timeout", timeout)
        number(self, "wait_seconds", wait_seconds)
        self.query_mode, self.timeout, self.wait_seconds = query_mode, timeout, wait_seconds
        self._client: httpx.Client | None = None
        self._async_clients: PerLoop[httpx.AsyncClient] = PerLoop()

    def close(self) -> None:
        """Close the synchronous connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # The server ------------------------------------------------------------------------------------------------------

    async def _create(self, io: IO) -> None:
        """Nothing: the server has one collection."""

    async def _exists(self, io: IO) -> bool:
        """Whether the server answers; an error if it does not."""
        await self._ask(io, "GET", "/documents/pipeline_status")
        return True

    async def _drop(self, io: IO) -> None:
        """Remove all documents from the server, also those that others added."""
        await self._until(io, lambda: self._ask(io, "DELETE", "/documents"), lambda answer: answer["status"] != "busy")

    async def _delete(self, io: IO) -> bool:
        """The same; True."""
        await self._drop(io)
        return True

    # What is there ---------------------------------------------------------------------------------------------------

    async def _name_exists(self, io: IO, name: str) -> bool:
        """Whether there is a document of this name."""
        return bool(await self._kept(io, lambda kept: kept.source.name == hashed(name)))

    async def _id_exists(self, io: IO, id: str) -> bool:
        """Whether the server has a document with this id."""
        return bool(await self._kept(io, lambda kept: kept.id == id))

    async def _content_hash_exists(self, io: IO, content_hash: str) -> bool:
        """Whether this content is here, completely."""
        found = await self._kept(io, lambda kept: kept.source.content_hash == hashed(content_hash))
        return bool(found) and all(kept.status == "processed" for kept in found)

    # Writing ---------------------------------------------------------------------------------------------------------

    async def _insert(
        self, io: IO, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """Add documents, as one text. Metadata is not kept."""
        text = _text_of(documents)
        if text:
            source = source_of(documents[0].name, documents[0].content_id, content_hash, text)
            if not await self._kept(io, lambda kept: kept.source == source and kept.status == "processed"):
                await self._gone(io, await self._kept(io, lambda kept: kept.source == source))
                await self._sent_text(io, source.file, text)

    async def _upsert(
        self, io: IO, content_hash: str, documents: list[Document], filters: dict[str, Any] | None = None
    ) -> None:
        """Put documents in the place of all that are here of this content. The old ones go first."""
        text = _text_of(documents)
        first = documents[0] if documents else Document("")
        new = source_of(first.name, first.content_id, content_hash, text)

        def is_old(kept: Kept) -> bool:
            is_same = kept.source == new and kept.status == "processed" and bool(text)
            return kept.source.content_hash == new.content_hash and not is_same

        await self._gone(io, await self._kept(io, is_old))
        await self._insert(io, content_hash, documents)

    async def _insert_text(self, io: IO, file_source: str, text: str) -> str:
        """Add a text under this name; gives LightRAG's id of it."""
        return await self._sent_text(io, file_source, text)

    async def _insert_file_bytes(
        self, io: IO, file_content: bytes, filename: str, content_type: str = "application/octet-stream"
    ) -> str:
        """Add a file, which the server reads; gives LightRAG's id of it."""
        files = {"file": (filename, file_content, content_type)}
        return await self._worked_in(io, filename, await self._ask(io, "POST", "/documents/upload", files=files))

    # Deleting --------------------------------------------------------------------------------------------------------

    async def _delete_by_id(self, io: IO, id: str) -> bool:
        """Remove a document by LightRAG's id; True if it was there."""
        return await self._gone(io, await self._kept(io, lambda kept: kept.id == id))

    async def _delete_by_name(self, io: IO, name: str) -> bool:
        """Remove the documents of this name; True if there were any."""
        return await self._gone(io, await self._kept(io, lambda kept: kept.source.name == hashed(name)))

    async def _delete_by_content_id(self, io: IO, content_id: str) -> bool:
        """Remove the documents of a content; True if there were any."""
        return await self._gone(io, await self._kept(io, lambda kept: kept.source.content_id == hashed(content_id)))

    async def _delete_by_metadata(self, io: IO, metadata: dict[str, Any]) -> bool:
        """NotImplementedError: LightRAG keeps no metadata."""
        self._refuse("delete_by_metadata")

    async def _update_metadata(self, io: IO, content_id: str, metadata: dict[str, Any]) -> None:
        """NotImplementedError: LightRAG keeps no metadata."""
        self._refuse("update_metadata")

    def _refuse(self, what: str) -> NoReturn:
        raise NotImplementedError(
            f"LightRAG keeps no metadata, so there is no {what}. To keep customers apart use a server for each."
        )

    # Searching -------------------------------------------------------------------------------------------------------

    async def _search(self, io: IO, query: str, limit: int = 5, filters: Any = None) -> list[Document]:
        """The chunks that fit best, the best first. Filters are refused."""
        if limit < 1:
            raise ValueError(f"limit is {limit}: ask for at least one document.")
        if filters not in (None, {}, []):
            self._refuse("filter")
        if not query.strip():
            return []
        asked = {"query": query, "mode": self.query_mode, "chunk_top_k": limit}
        answer = await self._ask(io, "POST", "/query/data", json=asked)
        chunks = (answer.get("data") or {}).get("chunks") or []
        return [_document(chunk) for chunk in chunks[:limit]]

    async def lightrag_knowledge_retriever(
        self, query: str, num_documents: int | None = 5, filters: Any = None
    ) -> list[dict[str, Any]]:
        """What a search finds, as an asynchronous `knowledge_retriever=` of an agent gives it. Filters are refused."""
        return [document.to_dict() for document in await self._search(ASYNC, query, num_documents or 5, filters)]

    def get_supported_search_types(self) -> list[str]:
        """LightRAG decides itself how it searches."""
        return ["hybrid"]

    # Faces -----------------------------------------------------------------------------------------------------------

    create, async_create = sync(_create), asynchronous(_create)
    exists, async_exists = sync(_exists), asynchronous(_exists)
    drop, async_drop = sync(_drop), asynchronous(_drop)
    delete, async_delete = sync(_delete), asynchronous(_delete)
    name_exists, async_name_exists = sync(_name_exists), asynchronous(_name_exists)
    id_exists, async_id_exists = sync(_id_exists), asynchronous(_id_exists)
    content_hash_exists = sync(_content_hash_exists)
    async_content_hash_exists = asynchronous(_content_hash_exists)
    insert, async_insert = sync(_insert), asynchronous(_insert)
    upsert, async_upsert = sync(_upsert), asynchronous(_upsert)
    insert_text, async_insert_text = sync(_insert_text), asynchronous(_insert_text)
    insert_file_bytes, async_insert_file_bytes = sync(_insert_file_bytes), asynchronous(_insert_file_bytes)
    delete_by_id, async_delete_by_id = sync(_delete_by_id), asynchronous(_delete_by_id)
    delete_by_external_id, async_delete_by_external_id = sync(_delete_by_id), asynchronous(_delete_by_id)
    delete_by_name, async_delete_by_name = sync(_delete_by_name), asynchronous(_delete_by_name)
    delete_by_content_id = sync(_delete_by_content_id)
    async_delete_by_content_id = asynchronous(_delete_by_content_id)
    delete_by_metadata, async_delete_by_metadata = sync(_delete_by_metadata), asynchronous(_delete_by_metadata)
    update_metadata, async_update_metadata = sync(_update_metadata), asynchronous(_update_metadata)
    search, async_search = sync(_search), asynchronous(_search)

    def upsert_available(self) -> bool:
        return True

    # -----------------------------------------------------------------------------------------------------------------

    async def _kept(self, io: IO, fits: Callable[[Kept], bool]) -> list[Kept]:
        """The documents that fit, of all that the server has: it finds none by its name."""
        found: list[Kept] = []
        page, more = 1, True
        while more:
            asked = {"page": page, "page_size": _PAGE, "sort_field": "id", "sort_direction": "asc"}
            answer = await self._ask(io, "POST", "/documents/paginated", json=asked)
            found += [
                Kept(one["id"], str(one["status"]).lower(), read(one["file_path"])) for one in answer["documents"]
            ]
            page, more = page + 1, answer["pagination"]["has_next"]
        return [kept for kept in found if fits(kept)]

    async def _sent_text(self, io: IO, file_source: str, text: str) -> str:
        told = await self._ask(io, "POST", "/documents/text", json={"text": text, "file_source": file_source})
        return await self._worked_in(io, file_source, told)

    async def _worked_in(self, io: IO, file: str, told: dict[str, Any]) -> str:
        """Wait until the server has worked in what it took; the id of it."""
        track = told["track_id"]

        def is_done(answer: dict[str, Any]) -> bool:
            documents = answer["documents"]
            return bool(documents) and all(str(one["status"]).lower() in _DONE for one in documents)

        answer = await self._until(io, lambda: self._ask(io, "GET", f"/documents/track_status/{track}"), is_done)
        for one in answer["documents"]:
            if str(one["status"]).lower() == "failed":
                raise VectorDbError(
                    f"LightRAG could not work in {file!r}: {one.get('error_msg') or 'it does not say why'}"
                )
        return str(answer["documents"][0]["id"])

    async def _gone(self, io: IO, documents: Sequence[Kept]) -> bool:
        """Remove documents, and wait until they are gone; True if there are any."""
        ids = [kept.id for kept in documents]
        if not ids:
            return False

        def removed() -> Any:
            return self._ask(io, "DELETE", "/documents/delete_document", json={"doc_ids": ids})

        await self._until(io, removed, lambda answer: answer["status"] != "busy")
        await self._until(io, lambda: self._kept(io, lambda kept: kept.id in ids), lambda left: not left)
        return True

    async def _until(self, io: IO, ask: Callable[[], Any], is_done: Callable[[Any], bool]) -> Any:
        """Ask again until the answer is the one that is waited for."""
        end = io.now() + self.wait_seconds
        while not is_done(answer := await ask()):
            if io.now() >= end:
                raise VectorDbUnavailableError(
                    f"LightRAG at {self.server_url} was not done after {self.wait_seconds:g} seconds (wait_seconds=)."
                )
            await io.sleep(_PAUSE)
        return answer

    async def _ask(self, io: IO, method: str, path: str, **request: Any) -> Any:
        """What the server answers to a request, in the caller's colour."""
        try:
            if io.is_async:
                client = await self._async_clients.opened(io, self._awaited)
                response = await client.request(method, path, **request)
            else:
                response = await io.call(self._blocking().request, method, path, **request)
        except httpx.TransportError as error:
            raise VectorDbUnavailableError(f"LightRAG at {self.server_url} cannot be reached: {error}") from error
        if response.is_error:
            raise VectorDbError(f"LightRAG at {self.server_url}: {_reason(path, response)}", response.status_code)
        return response.json()

    def _blocking(self) -> httpx.Client:
        if self._client is None:
            self._client = httpx.Client(**self._settings())
        return self._client

    def _awaited(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(**self._settings())

    def _settings(self) -> dict[str, Any]:
        headers = {}
        if self.api_key:
            headers[self.auth_header_name] = self.auth_header_format.format(api_key=self.api_key)
        return {"base_url": self.server_url, "headers": headers, "timeout": self.timeout}

    def __deepcopy__(self, memo: Any) -> Any:
        return self  # the copy of an agent uses the same server

    def __repr__(self) -> str:
        return "LightRag()"


class LightRag(Served, VectorDb):
    """Searches and fills a LightRAG server: `LightRag(server_url="http://localhost:9621")`.

    The server cuts texts, makes vectors and a graph with models of its own, and answers with the chunks that fit;
    `query_mode` is one of LightRAG's. A content becomes one document there. A write waits until the server has worked it
    in, which takes a model's time, up to `wait_seconds`. `auth_header_format` is what the header holds, with `{api_key}`.

    LightRAG keeps no metadata: what the documents have is not stored, and a search with filters is refused.
    """


def _text_of(documents: Sequence[Document]) -> str:
    return "\n\n".join(document.content.strip() for document in documents if document.content.strip())


def _document(chunk: dict[str, Any]) -> Document:
    file = str(chunk.get("file_path") or "")
    source: Source = read(file)
    metadata = {"file_path": file, "reference_id": chunk.get("reference_id")}
    return Document(chunk["content"], id=chunk.get("chunk_id"), name=source.readable or None, meta_data=metadata)


def _reason(path: str, response: httpx.Response) -> str:
    if response.status_code in (401, 403):
        return f"it refuses the key ({response.status_code}): api_key= is sent as the header auth_header_name=."
    if response.status_code == 404 and path == "/query/data":
        return "it has no /query/data: update LightRAG."
    try:
        told = response.json()
        detail = told.get("detail") or told.get("message") or told
    except (ValueError, AttributeError):
        detail = response.text
    return f"{response.status_code}: {detail}"


__all__ = ["LightRag"]
