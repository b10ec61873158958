"""Routes of stored components: definitions of agents, teams and workflows in numbered versions, which `load` makes objects of.

They are for operators: what is loaded imports the functions and classes that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
        return as_json(_shown(await self._found(key, kind, db_id)), 201)

    async def get(
        self, request: Request, component_id: str, component_type: Kind | None = None, db_id: str | None = None
    ) -> Response:
        """Without its settings. `component_type` tells an agent from a team with the same id."""
        operators_only(request, "components", "read")
        return as_json(_shown(await self._found(component_id, component_type, db_id)))

    async def change(
        self,
        request: Request,
        component_id: str,
        given: ComponentUpdate,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Changes what is named; the settings are in the versions."""
        operators_only(request, "components", "write")
        row = await self._found(component_id, component_type, db_id)
        changes = given.model_dump(exclude={"current_version"})
        return as_json(_shown(await self._changed(row, db_id, **changes, version=given.current_version)))

    async def delete(
        self, request: Request, component_id: str, component_type: Kind | None = None, db_id: str | None = None
    ) -> Response:
        """Deletes all of it."""
        operators_only(request, "components", "delete")
        row = await self._found(component_id, component_type, db_id)
        await ask(self.os.components.db(db_id).delete_component, row["component_type"], component_id)
        return Response(status_code=204)

    # Versions --------------------------------------------------------------------------------------------------------

    async def configs(
        self, request: Request, component_id: str, component_type: Kind | None = None, db_id: str | None = None
    ) -> Response:
        """All versions with their settings."""
        operators_only(request, "components", "read")
        row = await self._found(component_id, component_type, db_id)
        rows = await ask(self.os.components.db(db_id).component_versions, row["component_type"], component_id)
        return as_json([_config(one) for one in rows])

    async def add_config(
        self,
        request: Request,
        component_id: str,
        given: ConfigCreate,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Stores a new version; it has the next number."""
        operators_only(request, "components", "write")
        row, db = await self._found(component_id, component_type, db_id), self.os.components.db(db_id)
        facts = {name: row[name] for name in ("name", "description", "metadata")}
        told = given.model_dump(exclude={"config", "set_current"})
        config = {"id": component_id, **given.config}
        version = await ask(
            db.save_component, row["component_type"], component_id, config, current=given.set_current, **facts, **told
        )
        return as_json(await self._version(row, version, db_id), 201)

    async def current(
        self, request: Request, component_id: str, component_type: Kind | None = None, db_id: str | None = None
    ) -> Response:
        """What is loaded: the version in use or, while there are only drafts, the newest of them."""
        operators_only(request, "components", "read")
        return as_json(await self._version(await self._found(component_id, component_type, db_id), None, db_id))

    async def config(
        self,
        request: Request,
        component_id: str,
        version: _Version,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """The version with this number."""
        operators_only(request, "components", "read")
        return as_json(await self._version(await self._found(component_id, component_type, db_id), version, db_id))

    async def change_config(
        self,
        request: Request,
        component_id: str,
        version: _Version,
        given: ConfigUpdate,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Changes what is named of a draft. What was published stays as it is (409)."""
        operators_only(request, "components", "write")
        row, db = await self._found(component_id, component_type, db_id), self.os.components.db(db_id)
        with _refused():
            changed = await ask(
                db.update_component_version, row["component_type"], component_id, version, **given.model_dump()
            )
        return as_json(_config(_there(changed, version)))

    async def delete_config(
        self,
        request: Request,
        component_id: str,
        version: _Version,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Deletes a version; the one in use stays (409)."""
        operators_only(request, "components", "delete")
        row, db = await self._found(component_id, component_type, db_id), self.os.components.db(db_id)
        if row["version"] == version:
            raise HTTPException(409, f"Version {version} is in use. Put another one in use first.")
        if not await ask(db.delete_component, row["component_type"], component_id, version):
            raise HTTPException(404, f"Version {version} not found")
        return Response(status_code=204)

    async def use(
        self,
        request: Request,
        component_id: str,
        version: _Version,
        component_type: Kind | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Puts a published version in use, an older one, too."""
        operators_only(request, "components", "write")
        row = await self._found(component_id, component_type, db_id)
        return as_json(_shown(await self._changed(row, db_id, version=version)))

    # What they may name ----------------------------------------------------------------------------------------------

    async def registry(self, request: Request, page: Annotated[Page, Depends(numbered("name"))]) -> Response:
        """The objects of `AgentOS(registry=...)`."""
        operators_only(request, "components", "read")
        found = [] if self.os.registry is None else list(_entries(self.os.registry))
        found.sort(key=lambda entry: entry["name"], reverse=page.sort_order == "desc")
        begin = (page.page - 1) * page.limit
        return paginated(found[begin : begin + page.limit], len(found), page)

    # -----------------------------------------------------------------------------------------------------------------

    async def _found(self, component_id: str, kind: str | None, db_id: str | None) -> Row:
        db = self.os.components.db(db_id)
        kinds = KINDS if kind is None else (kind,)
        rows: list[Row] = [row for one in kinds if (row := await ask(db.get_component, one, component_id)) is not None]
        if not rows:
            raise HTTPException(404, f"Component {component_id} not found")
        if len(rows) > 1:
            several = " and ".join(row["component_type"] for row in rows)
            raise HTTPException(409, f"There is {several} '{component_id}': name the component_type")
        return rows[0]

    async def _version(self, row: Row, version: int | None, db_id: str | None) -> Row:
        db = self.os.components.db(db_id)
        found = await ask(db.load_component, row["component_type"], row["component_id"], version=version)
        return _config(_there(found, version))

    async def _changed(self, row: Row, db_id: str | None, **changes: Any) -> Row:
        db = self.os.components.db(db_id)
        with _refused():
            changed = await ask(db.update_component, row["component_type"], row["component_id"], **changes)
        if changed is None:
            raise HTTPException(404, f"Component {row['component_id']} not found")
        found: Row = changed
        return found


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
