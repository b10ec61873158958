"""A knowledge base: content goes in, the passages that fit a question come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno._io import IO, Give, asynchronous, asynchronous_stream, silent, sync, sync_stream
from agno.db.query import Place
from agno.filters import both
from agno.knowledge._arguments import check, whole
from agno.knowledge._filters import checked, is_known, keys_in
from agno.knowledge._ingestion.items import items_of, missing_of
from agno.knowledge._ingestion.pipeline import Pipeline
from agno.knowledge._ingestion.rows import Rows, content_of, status_of
from agno.knowledge._ingestion.storing import coloured, storing_of
from agno.knowledge._many import single_contents
from agno.knowledge._readers import Readers
from agno.knowledge.content import Content, ContentAuth, ContentStatus, FileData
from agno.knowledge.document import Document
from agno.knowledge.events import ContentRemoved
from agno.utils.dttm import now_epoch
from agno.utils.log import log_warning
from agno.vectordb._conditions import jsonable
from agno.vectordb.base import VectorDb
from agno.vectordb.search import SearchType

_BATCH = 100  # chunks that are embedded and stored together
_ISOLATED = "linked_to"  # the key in the metadata of chunks that says whose they are


@dataclass
class Knowledge(Readers):
    """Content of any kind, searchable: `Knowledge(vector_db=LanceDb(table_name="docs"), contents_db=SqliteDb(...))`.

    `vector_db` keeps the chunks; its collection is made here if it is not there. `contents_db`, any database of `agno.db`,
    keeps a row for each content with its status; without it content can be added and searched all the same.
    `max_results` is how many documents a search gives. `readers` are used in the place of the built-in ones, by their keys
    ("pdf", "url", ...). With `isolate_vector_search` several knowledge bases share a `vector_db` without seeing each
    other's chunks; `name` keeps them apart.
    """

    name: str | None = None
    description: str | None = None
    vector_db: VectorDb | None = None
    contents_db: Any = None
    max_results: int = 10
    readers: dict[str, Any] | None = None
    isolate_vector_search: bool = False

    def __post_init__(self) -> None:
        self._known_keys: set[str] | None = None
        whole(self, "max_results", self.max_results)
        if self.isolate_vector_search and not self.name:
            raise ValueError("isolate_vector_search= needs a name=, by which the chunks of this knowledge are known.")
        if self.vector_db is not None and not hasattr(self.vector_db, "exists"):
            raise TypeError(f"vector_db is {self.vector_db!r}; give a vector database, such as LocalVectorDb('v.db').")
        if self.contents_db is not None and not hasattr(self.contents_db, "get_knowledge_contents"):
            raise TypeError(f"contents_db is {self.contents_db!r}; give a database, such as SqliteDb(db_file='a.db').")
        if self.vector_db is not None and not self.vector_db.exists():
            self.vector_db.create()
        self.construct_readers()

    def __deepcopy__(self, memo: Any) -> Knowledge:
        return self  # the copy of an agent knows the same

    # Adding ----------------------------------------------------------------------------------------------------------

    async def _ingest(
        self,
        io: IO,
        give: Give,
        name: str | None = None,
        description: str | None = None,
        path: str | None = None,
        url: str | None = None,
        text_content: str | None = None,
        metadata: dict[str, Any] | None = None,
        topics: list[str] | None = None,
        remote_content: Any = None,
        reader: Any = None,
        include: list[str] | None = None,
        exclude: list[str] | None = None,
        upsert: bool = True,
        skip_if_exists: bool = True,
        auth: ContentAuth | None = None,
        file_data: FileData | None = None,
        remove_missing: bool = False,
    ) -> None:
        """`add_content` as an iterator over what happens: see `agno.knowledge.events`. Whoever stops iterating stops it."""
        if all(given is None for given in (path, url, text_content, topics, remote_content, file_data)):
            log_warning("add_content got nothing to add: give path=, url=, text_content=, topics= or remote_content=.")
            return
        check(Content(
            name=name, description=description, path=path, url=url, auth=auth, file_data=file_data,
            metadata=metadata, topics=topics, remote_content=remote_content, reader=reader,
        ))  # fmt: skip
        if text_content is not None and file_data is None:
            file_data = FileData(content=text_content, type="Text")
        if self.isolate_vector_search:
            metadata = {**(metadata or {}), _ISOLATED: self.name}
        wanted = Content(
            name=name, description=description, path=path and str(path), url=url, auth=auth, file_data=file_data,
            metadata=metadata, topics=topics, remote_content=remote_content, reader=reader,
        )  # fmt: skip
        self.add_filters(metadata or {})
        items = await items_of(io, wanted, include, exclude)
        storing = None if self.vector_db is None else storing_of(self.vector_db, upsert and skip_if_exists)
        batch = getattr(getattr(self.vector_db, "embedder", None), "batch_size", None) or _BATCH
        pipeline = Pipeline(io, give, self._rows, storing, self.get_readers(), batch)
        for content in await self._gone(io, wanted) if remove_missing else ():
            await self._remove_content_by_id(io, str(content.id))
            pipeline.done.removed.append(content)
            await give(ContentRemoved(content))
        await pipeline.run(items, skip_if_exists)

    async def _gone(self, io: IO, wanted: Content) -> list[Content]:
        """Contents of files below a folder that are no longer there, in the order of their paths. A folder that is not there
        may only be out of reach."""
        if wanted.path is None:
            raise ValueError("remove_missing= compares with a folder: give path=.")
        rows, _ = await self._listed(io)
        same = [row for row in rows if (row.metadata or {}) == jsonable(wanted.metadata or {})]
        missing = await io.call(missing_of, wanted.path, {row.external_id for row in same if row.external_id})
        gone = [row for row in same if row.external_id in missing]
        return [content_of(row) for row in sorted(gone, key=lambda row: str(row.external_id))]

    ingest, aingest = sync_stream(_ingest), asynchronous_stream(_ingest)

    async def _add_content(
        self,
        io: IO,
        name: str | None = None,
        description: str | None = None,
        path: str | None = None,
        url: str | None = None,
        text_content: str | None = None,
        metadata: dict[str, Any] | None = None,
        topics: list[str] | None = None,
        remote_content: Any = None,
        reader: Any = None,
        include: list[str] | None = None,
        exclude: list[str] | None = None,
        upsert: bool = True,
        skip_if_exists: bool = True,
        auth: ContentAuth | None = None,
        file_data: FileData | None = None,
        remove_missing: bool = False,
    ) -> None:
        """Add a file or all files of a folder, a URL, a text, topics for a reader, or remote objects.

        What is there already, unchanged, is skipped; a file that changed takes the place of its older version. Content
        that cannot be read gets the status failed and a message; the others are added. A vector database or an embedder
        that fails raises its error. `metadata` is stored with each chunk, and filters can ask for it. `include` and
        `exclude` are patterns like "*.pdf". `skip_if_exists=False` reads again, such as a URL; with a vector database
        that is not Agno's own it then inserts, even if it could upsert. `remove_missing=True` removes what was added from
        below `path` with the same metadata, and whose file is gone; it needs a `contents_db`.
        """
        await self._ingest(
            io, silent, name, description, path, url, text_content, metadata, topics, remote_content, reader, include,
            exclude, upsert, skip_if_exists, auth, file_data, remove_missing,
        )  # fmt: skip

    add_content, add_content_async = sync(_add_content), asynchronous(_add_content)
    insert, ainsert = sync(_add_content), asynchronous(_add_content)

    async def _add_contents(self, io: IO, contents: list[dict[str, Any]] | None = None, /, **given: Any) -> None:
        """Add several: a list of dicts of `add_content`'s arguments, or `paths=`, `urls=`, `topics=`, `remote_content=`.

        Without `upsert=` and `skip_if_exists=` what is there is read again.
        """
        for one in single_contents(contents, given):
            await self._add_content(io, **one)

    add_contents, add_contents_async = sync(_add_contents), asynchronous(_add_contents)
    insert_many, ainsert_many = sync(_add_contents), asynchronous(_add_contents)

    # Searching -------------------------------------------------------------------------------------------------------

    async def _search(
        self,
        io: IO,
        query: str,
        max_results: int | None = None,
        filters: Any = None,
        search_type: SearchType | str | None = None,
    ) -> list[Document]:
        """The documents that fit best. `filters` is a dict whose pairs must be equal, or a list of `agno.filters`.

        `search_type` is "vector", "keyword" or "hybrid" for this search. Raises what the vector database raises.
        """
        db = self.vector_db
        if db is None:
            log_warning("This Knowledge has no vector_db=, so there is nothing to search.")
            return []
        if not isinstance(query, str):
            raise TypeError(f"query is {query!r}, a {type(query).__name__}; it must be a text.")
        if self.isolate_vector_search:
            filters = both({_ISOLATED: self.name}, filters)
        options = {
            "query": query,
            "limit": self.max_results if max_results is None else max_results,
            "filters": filters,
        }
        if search_type is not None:
            options["search_type"] = search_type
        found: list[Document] = await coloured(io, db.search, db.async_search, **options)
        return found

    search, async_search, asearch = sync(_search), asynchronous(_search), asynchronous(_search)

    # Filters ---------------------------------------------------------------------------------------------------------

    @property
    def valid_metadata_filters(self) -> set[str] | None:
        """The keys known so far; None if there are none."""
        return self._known_keys or None

    def add_filters(self, metadata: Mapping[str, Any]) -> None:
        """Let filters ask for the keys of this metadata."""
        self._known_keys = (self._known_keys or set()) | set(metadata)

    async def _get_filters(self, io: IO) -> list[str]:
        """The keys that filters may ask for, sorted: those of all contents."""
        if self.contents_db is not None:
            rows, _ = await self._listed(io)
            self._known_keys = (self._known_keys or set()) | keys_in(row.metadata for row in rows)
        return sorted(self._known_keys or ())

    async def _validate_filters(self, io: IO, filters: Any) -> tuple[Any, list[str]]:
        """The filters whose keys are known, and the keys that are not."""
        known = self._known_keys or set()
        if isinstance(filters, Mapping) and not all(is_known(key, known) for key in filters):
            known = set(await self._get_filters(io))  # somebody else may have added content
        return checked(filters, known)

    get_filters, aget_filters = sync(_get_filters), asynchronous(_get_filters)
    validate_filters, avalidate_filters = sync(_validate_filters), asynchronous(_validate_filters)

    # Contents --------------------------------------------------------------------------------------------------------

    @property
    def _rows(self) -> Rows:
        return Rows(self.contents_db, self.name)

    def _db(self) -> Any:
        if self.contents_db is None:
            raise ValueError("This Knowledge has no contents_db=, so it keeps no list of its contents.")
        return self.contents_db

    async def _listed(self, io: IO, **options: Any) -> tuple[list[Any], int | None]:
        named = {"linked_to": self.name} if self.name else {}
        listed: tuple[list[Any], int | None] = await io.call(self._db().get_knowledge_contents, **options, **named)
        return listed

    async def _get_content(
        self,
        io: IO,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        *,
        after: Place | None = None,
    ) -> tuple[list[Content], int | None]:
        """The contents of this knowledge, and their number before paging (None with `after`, where the page before ended).

        ValueError without `contents_db`.
        """
        order = {"sort_by": sort_by, "sort_order": sort_order}
        rows, total = await self._listed(io, limit=limit, page=page, after=after, **order)
        return [content_of(row) for row in rows], total

    async def _get_content_by_id(self, io: IO, content_id: str) -> Content | None:
        """A content, or None. ValueError without `contents_db`."""
        row = await io.call(self._db().get_knowledge_content, content_id)
        return None if row is None else content_of(row)

    async def _get_content_status(self, io: IO, content_id: str) -> tuple[ContentStatus | None, str | None]:
        """How far a content is, and the message of one that failed. ValueError without `contents_db`."""
        row = await io.call(self._db().get_knowledge_content, content_id)
        return (None, "Content not found") if row is None else (status_of(row.status), row.status_message)

    async def _patch_content(self, io: IO, content: Content) -> dict[str, Any] | None:
        """Change what is set of name, description, metadata, status, status_message and external_id; gives the row.

        The metadata of the chunks is changed too. None if there is no such content, or no `contents_db`.
        """
        if self.contents_db is None or content.id is None:
            return None
        row = await io.call(self.contents_db.get_knowledge_content, content.id)
        if row is None:
            return None
        for name in ("name", "description", "metadata", "status_message", "external_id"):
            if (value := getattr(content, name)) is not None:
                setattr(row, name, value)
        if content.status is not None:
            row.status = ContentStatus(content.status).value
        row.updated_at = now_epoch()
        await io.call(self.contents_db.upsert_knowledge_content, row)
        if content.metadata:
            self.add_filters(content.metadata)
            if self.vector_db is not None:
                await self._in_db(io, "update_metadata", content.id, content.metadata)
        changed: dict[str, Any] = row.to_dict()
        return changed

    async def _remove_content_by_id(self, io: IO, content_id: str) -> None:
        """Remove a content with its chunks."""
        row = None
        if self.contents_db is not None:
            row = await io.call(self.contents_db.get_knowledge_content, content_id)
        if self.vector_db is not None:
            external = getattr(row, "external_id", None)
            if external and hasattr(self.vector_db, "delete_by_external_id"):
                await self._in_db(io, "delete_by_external_id", external)
            else:
                await self._in_db(io, "delete_by_content_id", content_id)
        await self._rows.delete(io, [content_id] if row is not None else [])

    async def _remove_all_content(self, io: IO) -> None:
        """Remove all contents of this knowledge with their chunks. ValueError without `contents_db`."""
        rows, _ = await self._listed(io)
        for row in rows:
            await self._remove_content_by_id(io, row.id)

    async def _remove_vector_by_id(self, io: IO, id: str) -> bool:
        """Remove a chunk; True if it was there."""
        return self.vector_db is not None and bool(await self._in_db(io, "delete_by_id", id))

    async def _remove_vectors_by_name(self, io: IO, name: str) -> bool:
        """Remove the chunks of this name; True if there were any."""
        return self.vector_db is not None and bool(await self._in_db(io, "delete_by_name", name))

    async def _remove_vectors_by_metadata(self, io: IO, metadata: dict[str, Any]) -> bool:
        """Remove the chunks that have all of this metadata; True if there were any."""
        if self.vector_db is not None and self.isolate_vector_search:
            metadata = {**metadata, _ISOLATED: self.name}
        return self.vector_db is not None and bool(await self._in_db(io, "delete_by_metadata", metadata))

    async def _in_db(self, io: IO, method: str, *args: Any) -> Any:
        """A method of the vector database, by its asynchronous twin where there is one."""
        call = getattr(self.vector_db, method)
        if io.is_async:
            call = getattr(self.vector_db, f"async_{method}", call)
        return await io.call(call, *args)

    get_content, aget_content = sync(_get_content), asynchronous(_get_content)
    get_content_by_id, aget_content_by_id = sync(_get_content_by_id), asynchronous(_get_content_by_id)
    get_content_status, aget_content_status = sync(_get_content_status), asynchronous(_get_content_status)
    patch_content, apatch_content = sync(_patch_content), asynchronous(_patch_content)
    remove_content_by_id = sync(_remove_content_by_id)
    aremove_content_by_id = asynchronous(_remove_content_by_id)
    remove_all_content, aremove_all_content = sync(_remove_all_content), asynchronous(_remove_all_content)
    remove_vector_by_id, aremove_vector_by_id = sync(_remove_vector_by_id), asynchronous(_remove_vector_by_id)
    remove_vectors_by_name = sync(_remove_vectors_by_name)
    aremove_vectors_by_name = asynchronous(_remove_vectors_by_name)
    remove_vectors_by_metadata = sync(_remove_vectors_by_metadata)
    aremove_vectors_by_metadata = asynchronous(_remove_vectors_by_metadata)


__all__ = ["Knowledge"]
