"""Routes of stored components: definitions of agents, teams and workflows in numbered versions, which `load` makes objects of.

They are for operators: what is loaded imports the functions and classes that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path
from starlette.requests import Request
from starlette.responses import Response

from agno.db._port import DbError
from agno.db.tables import COMPONENTS
from agno.os._components import KINDS, ask
from agno.os._operators import operators_only
from agno.os._pages import Page, as_json, newest_first, numbered, paginated
from agno.os.routers._table import Line, routes_of
from agno.os.schema.pages import Paginated
from agno.os.schema.stored import (
    ComponentCreate,
    ComponentUpdate,
    ConfigCreate,
    ConfigUpdate,
    Kind,
    RegistryEntry,
    StoredComponent,
    StoredConfig,
)
from agno.registry.registry import KINDS as REGISTERED
from agno.registry.registry import registered_name
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Row = dict[str, Any]
_NEWEST = Annotated[Page, Depends(newest_first("created_at", COMPONENTS))]
_Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
_NO_PART_OF_AN_ID = re.compile(r"[/@\s]+")


def router(os: AgentOS) -> APIRouter | None:
    """/components and /registry; None where no database is served."""
    if not os.components.dbs:
        return None
    routes, one = StoredRoutes(os), "/components/{component_id}"
    version = f"{one}/configs/{{version:int}}"
    table: list[Line] = [
        ("GET", "/components", routes.list, Paginated[StoredComponent], 200, "list_components", "Stored components"),
        ("POST", "/components", routes.create, StoredComponent, 201, "create_component", "Store a component"),
        ("GET", one, routes.get, StoredComponent, 200, "get_component", "One stored component"),
        ("PATCH", one, routes.change, StoredComponent, 200, "update_component", "Change a stored component"),
        ("DELETE", one, routes.delete, None, 204, "delete_component", "Delete it with all its versions"),
        ("GET", f"{one}/configs", routes.configs, list[StoredConfig], 200, "list_configs", "Its versions, oldest first"),
        ("POST", f"{one}/configs", routes.add_config, StoredConfig, 201, "create_config", "Store a new version"),
        ("GET", f"{one}/configs/current", routes.current, StoredConfig, 200, "get_current_config", "The version in use"),
        ("GET", version, routes.config, StoredConfig, 200, "get_config", "One version"),
        ("PATCH", version, routes.change_config, StoredConfig, 200, "update_config", "Change a draft, or publish it"),
        ("DELETE", version, routes.delete_config, None, 204, "delete_config", "Delete a version that is not in use"),
        ("POST", f"{version}/set-current", routes.use, StoredComponent, 200, "set_current_config", "Put a version in use"),
        ("GET", "/registry", routes.registry, Paginated[RegistryEntry], 200, "list_registry", "What they may name"),
    ]  # fmt: skip
    return routes_of("Components", table, 400, 404, 409, 422)


@dataclass
class At:
    """Which stored component a request is about. `component_type` tells an agent from a team with the same id."""

    request: Request
    component_id: str
    component_type: Kind | None = None
    db_id: str | None = None


_At = Annotated[At, Depends()]


@dataclass
class Stored:
    """A stored component: its row, and where it is."""

    db: Any
    row: Row

    @property
    def key(self) -> tuple[str, str]:
        """Its kind and id."""
        return self.row["component_type"], self.row["component_id"]

    async def version(self, number: int | None) -> Row:
        """A version with its settings; without a number the one that is loaded. Status 404 if it is not there."""
        return _config(_there(await ask(self.db.load_component, *self.key, version=number), number))

    async def changed(self, **changes: Any) -> Row:
        """The component with these changes."""
        with _refused():
            changed = await ask(self.db.update_component, *self.key, **changes)
        if changed is None:
            raise HTTPException(404, f"Component {self.key[1]} not found")
        return _shown(changed)


class StoredRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    # Components ------------------------------------------------------------------------------------------------------

    async def list(
        self, request: Request, page: _NEWEST, component_type: Kind | None = None, db_id: str | None = None
    ) -> Response:
        """Without their settings."""
        operators_only(request, "components", "read")
        rows, total = await ask(self.os.components.db(db_id).get_components, component_type, **page.window())
        return paginated(rows, total, page, _shown)

    async def create(self, request: Request, given: ComponentCreate, db_id: str | None = None) -> Response:
        """Stores the first version."""
        operators_only(request, "components", "write")
        db, kind = self.os.components.db(db_id), given.component_type
        key = given.component_id or _id_of(given.name)
        if await ask(db.get_component, kind, key) is not None:
            raise HTTPException(409, f"There is {kind} '{key}' already: store a new version of it")
        facts = {name: getattr(given, name) for name in ("name", "description", "metadata", "label", "notes", "stage")}
        config = {"id": key, "name": given.name, **(given.config or {})}
        await ask(db.save_component, kind, key, config, current=given.set_current, **facts)
        return as_json(_shown((await self._found(At(request, key, kind, db_id), "write")).row), 201)

    async def get(self, at: _At) -> Response:
        """Without its settings. `component_type` tells an agent from a team with the same id."""
        return as_json(_shown((await self._found(at, "read")).row))

    async def change(self, at: _At, given: ComponentUpdate) -> Response:
        """Changes what is named; the settings are in the versions."""
        stored = await self._found(at, "write")
        changes = given.model_dump(exclude={"current_version"})
        return as_json(await stored.changed(**changes, version=given.current_version))

    async def delete(self, at: _At) -> Response:
        """Deletes all of it."""
        stored = await self._found(at, "delete")
        await ask(stored.db.delete_component, *stored.key)
        return Response(status_code=204)

    # Versions --------------------------------------------------------------------------------------------------------

    async def configs(self, at: _At) -> Response:
        """All versions with their settings."""
        stored = await self._found(at, "read")
        return as_json([_config(one) for one in await ask(stored.db.component_versions, *stored.key)])

    async def add_config(self, at: _At, given: ConfigCreate) -> Response:
        """Stores a new version; it has the next number."""
        stored = await self._found(at, "write")
        facts = {name: stored.row[name] for name in ("name", "description", "metadata")}
        facts |= given.model_dump(exclude={"config", "set_current"})
        config = {"id": at.component_id, **given.config}
        version = await ask(stored.db.save_component, *stored.key, config, current=given.set_current, **facts)
        return as_json(await stored.version(version), 201)

    async def current(self, at: _At) -> Response:
        """What is loaded: the version in use or, while there are only drafts, the newest of them."""
        return as_json(await (await self._found(at, "read")).version(None))

    async def config(self, at: _At, version: _Version) -> Response:
        """The version with this number."""
        return as_json(await (await self._found(at, "read")).version(version))

    async def change_config(self, at: _At, version: _Version, given: ConfigUpdate) -> Response:
        """Changes what is named of a draft. What was published stays as it is (409)."""
        stored = await self._found(at, "write")
        with _refused():
            changed = await ask(stored.db.update_component_version, *stored.key, version, **given.model_dump())
        return as_json(_config(_there(changed, version)))

    async def delete_config(self, at: _At, version: _Version) -> Response:
        """Deletes a version; the one in use stays (409)."""
        stored = await self._found(at, "delete")
        if stored.row["version"] == version:
            raise HTTPException(409, f"Version {version} is in use. Put another one in use first.")
        if not await ask(stored.db.delete_component, *stored.key, version):
            raise HTTPException(404, f"Version {version} not found")
        return Response(status_code=204)

    async def use(self, at: _At, version: _Version) -> Response:
        """Puts a published version in use, an older one, too."""
        return as_json(await (await self._found(at, "write")).changed(version=version))

    # What they may name ----------------------------------------------------------------------------------------------

    async def registry(self, request: Request, page: Annotated[Page, Depends(numbered("name"))]) -> Response:
        """The objects of `AgentOS(registry=...)`."""
        operators_only(request, "components", "read")
        found = [] if self.os.registry is None else list(_entries(self.os.registry))
        found.sort(key=lambda entry: entry["name"], reverse=page.sort_order == "desc")
        begin = (page.page - 1) * page.limit
        return paginated(found[begin : begin + page.limit], len(found), page)

    # -----------------------------------------------------------------------------------------------------------------

    async def _found(self, at: At, action: str) -> Stored:
        """The component that a request is about, for who may do this to it."""
        operators_only(at.request, "components", action)
        db = self.os.components.db(at.db_id)
        kinds = KINDS if at.component_type is None else (at.component_type,)
        rows = [row for one in kinds if (row := await ask(db.get_component, one, at.component_id)) is not None]
        if not rows:
            raise HTTPException(404, f"Component {at.component_id} not found")
        if len(rows) > 1:
            several = " and ".join(row["component_type"] for row in rows)
            raise HTTPException(409, f"There is {several} '{at.component_id}': name the component_type")
        return Stored(db, rows[0])


@contextmanager
def _refused() -> Iterator[None]:
    """What the database refuses of a version is said in its words."""
    try:
        yield
    except DbError as error:
        if error.status_code in (404, 409):
            raise HTTPException(error.status_code, str(error)) from None
        raise


def _there(row: Any, version: int | None) -> Row:
    if row is None:
        raise HTTPException(404, f"Version {version} not found" if version is not None else "There is no version")
    found: Row = row
    return found


def _id_of(name: str) -> str:
    return _NO_PART_OF_AN_ID.sub("-", name.lower()).strip("-") or new_id()


def _shown(row: Row) -> Row:
    names = ("component_id", "component_type", "name", "description", "metadata", "created_at", "updated_at")
    return {**{name: row[name] for name in names}, "current_version": row["version"], "latest_version": row["latest"]}


def _config(row: Row) -> Row:
    return {name: row[name] for name in StoredConfig.model_fields}


def _entries(registry: Any) -> Iterator[Row]:
    for kind in REGISTERED:
        for item in getattr(registry, kind):
            about = getattr(item, "description", None) or getattr(item, "__doc__", None)
            first = about.strip().partition("\n")[0] if isinstance(about, str) else None
            yield {"name": registered_name(item), "type": kind.removesuffix("s"), "description": first}


__all__ = ["router"]
