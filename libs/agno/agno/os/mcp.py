"""AgentOS as an MCP server: what it serves as tools, over streamable HTTP at /mcp, behind the same guard as the rest."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from fastapi import HTTPException
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter, ValidationError

from agno.db.schemas.memory import UserMemory
from agno.os._caller import ANYBODY, Caller, caller_of
from agno.os._components import ask, own_session
from agno.os._failures import Shown, failure
from agno.os._guard import require
from agno.os._mcp_settings import MCPAuth, MCPSettings
from agno.os._memories import shown
from agno.os._sessions import listed
from agno.os.routers.home import config_of
from agno.utils.ids import new_id

try:
    from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.transport_security import TransportSecuritySettings
except ImportError as error:
    raise ImportError('enable_mcp=True needs the package `mcp` 2: pip install "agno[os,mcp]"') from error

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Data = dict[str, Any]
Order = Literal["asc", "desc"]


def mcp_app(os: AgentOS, settings: MCPSettings) -> Any:
    """The ASGI app. It keeps nothing between requests, so any worker answers, and no session belongs to somebody."""
    config, server = settings.config, settings.server
    if server is None:
        name, instructions = config.name or os.title, config.instructions or os.shown_description
        with _logging_left_alone():
            server = MCPServer(name=name, version=os.shown_version, instructions=instructions)
    for tool in _chosen(_Tools(os).all(), config.tools):
        server.add_tool(_told(tool))
    # without a key a page may not reach this machine by another name; with one it would have to know it
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False) if os.guard.is_closed else None
    return server.streamable_http_app(stateless_http=True, json_response=True, transport_security=security)


def metadata_of(auth: MCPAuth) -> tuple[str, list[Any]]:
    """The address of what clients read of the authorization servers (RFC 9728), and the routes that serve it."""
    servers, scopes = [_url(url) for url in auth.authorization_servers], list(auth.scopes) or None
    resource = _url(auth.resource_url)
    return str(build_resource_metadata_url(resource)), create_protected_resource_routes(resource, servers, scopes)


_URLS = TypeAdapter(
    AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True)
)  # clients compare them letter by letter


def _url(text: str) -> AnyHttpUrl:
    try:
        return _URLS.validate_python(text)
    except ValidationError:
        raise ValueError(f"MCPAuth names {text!r}, which is no URL: it must begin with https://.") from None


def _chosen(tools: list[Callable[..., Any]], names: Sequence[str] | None) -> list[Callable[..., Any]]:
    known = {tool.__name__: tool for tool in tools}
    if unknown := [name for name in names or () if name not in known]:
        raise ValueError(f"MCPConfig(tools=...) names {unknown[0]!r}; the tools of AgentOS are {', '.join(known)}.")
    return tools if names is None else [known[name] for name in names]


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """The SDK's server makes itself the program: it gives the root logger a handler, and shows what every library says."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _told(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The tool, with errors that say no more than a route would."""

    @functools.wraps(tool)
    async def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return await tool(*args, **kwargs)
        except HTTPException as error:
            raise ToolError(str(error.detail)) from None
        except Exception as error:  # the border: a client reads a sentence, the log has the rest
            raise ToolError(failure(error)[0]) from None

    told.__signature__ = inspect.signature(tool, eval_str=True)  # type: ignore[attr-defined]  # read by the server
    return told


def _caller(context: Any) -> Caller:
    request = context.request_context.request
    return caller_of(request) if request is not None else ANYBODY


class _Tools:
    """The tools. What they show and do is the caller's, as with the routes."""

    def __init__(self, os: AgentOS) -> None:
        self._os = os

    def all(self) -> list[Callable[..., Any]]:
        return [
            *(self.get_agentos_config, self.run_agent, self.run_team, self.run_workflow),
            *(self.get_sessions_for_agent, self.get_sessions_for_team, self.get_sessions_for_workflow),
            *(self.create_memory, self.get_memories_for_user, self.update_memory, self.delete_memory),
        ]

    async def get_agentos_config(self, context: Context) -> Data:
        """The configuration of the service: its agents, teams, workflows and databases."""
        require(_caller(context), "system", "read")
        return config_of(self._os)

    # Runs ------------------------------------------------------------------------------------------------------------

    async def run_agent(
        self, agent_id: str, message: str, context: Context, session_id: str | None = None, user_id: str | None = None
    ) -> Data:
        """Run an agent with a message; the same session_id goes on with a conversation."""
        return await self._run("agent", agent_id, message, context, session_id, user_id)

    async def run_team(
        self, team_id: str, message: str, context: Context, session_id: str | None = None, user_id: str | None = None
    ) -> Data:
        """Run a team with a message; the same session_id goes on with a conversation."""
        return await self._run("team", team_id, message, context, session_id, user_id)

    async def run_workflow(
        self,
        workflow_id: str,
        message: str,
        context: Context,
        session_id: str | None = None,
        user_id: str | None = None,
    ) -> Data:
        """Run a workflow with a message."""
        return await self._run("workflow", workflow_id, message, context, session_id, user_id)

    async def _run(
        self, kind: str, key: str, message: str, context: Any, session_id: str | None, user_id: str | None
    ) -> Data:
        component, caller = self._os.components.component(kind, key), _caller(context)
        require(caller, f"{kind}s", "run", key)
        if session_id is not None:
            await own_session(component, session_id, caller)
        self._os.runs.refuse_when_stopping()
        ids: Data = {"run_id": new_id(), "session_id": session_id or new_id(), "user_id": caller.acts_as(user_id)}
        output = await self._os.runs.awaited(kind, component, functools.partial(component.arun, message, **ids), **ids)
        found = {"run_id": output.run_id, "session_id": output.session_id, "status": output.status.value}
        if output.is_paused:
            waiting = output.active_step_requirements if kind == "workflow" else output.active_requirements
            found["requirements"] = [item.to_dict() for item in waiting]
        data: Data = Shown().data_of({**output.to_dict(), **found})
        return {name: data.get(name) for name in (*found, "content")}

    # Sessions --------------------------------------------------------------------------------------------------------

    async def get_sessions_for_agent(
        self, agent_id: str, db_id: str, context: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[Data]:  # fmt: skip
        """The sessions of an agent."""
        return await self._sessions("agent", agent_id, db_id, context, user_id, sort_by, sort_order)

    async def get_sessions_for_team(
        self, team_id: str, db_id: str, context: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[Data]:  # fmt: skip
        """The sessions of a team."""
        return await self._sessions("team", team_id, db_id, context, user_id, sort_by, sort_order)

    async def get_sessions_for_workflow(
        self, workflow_id: str, db_id: str, context: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[Data]:  # fmt: skip
        """The sessions of a workflow."""
        return await self._sessions("workflow", workflow_id, db_id, context, user_id, sort_by, sort_order)

    async def _sessions(
        self, kind: str, key: str, db_id: str, context: Any, user_id: str | None, sort_by: str, sort_order: str
    ) -> list[Data]:
        caller = _caller(context)
        require(caller, "sessions", "read")
        if sort_by not in ("created_at", "updated_at", "session_id"):
            raise HTTPException(422, f"Invalid sort_by: {sort_by!r}. It can be created_at, updated_at or session_id.")
        sessions = await ask(
            self._os.components.db(db_id).get_sessions, kind, caller.acts_as(user_id), key, limit=100,
            sort_by=sort_by, sort_order=sort_order,
        )  # fmt: skip
        return [listed(session) for session in sessions]

    # Memories --------------------------------------------------------------------------------------------------------

    async def create_memory(
        self, db_id: str, memory: str, user_id: str, context: Context, topics: list[str] | None = None
    ) -> Data:
        """Keep a memory of a user."""
        caller = _caller(context)
        require(caller, "memories", "write")
        new = UserMemory(memory=memory, topics=topics, user_id=caller.acts_as(user_id), memory_id=new_id())
        return shown(await ask(self._os.components.db(db_id).upsert_user_memory, new))

    async def get_memories_for_user(
        self, user_id: str, context: Context, sort_by: str = "updated_at", sort_order: Order = "desc",
        db_id: str | None = None,
    ) -> list[Data]:  # fmt: skip
        """The memories of a user."""
        caller = _caller(context)
        require(caller, "memories", "read")
        if sort_by not in ("updated_at", "created_at", "memory_id"):
            raise HTTPException(422, f"Invalid sort_by: {sort_by!r}. It can be updated_at, created_at or memory_id.")
        found = await ask(
            self._os.components.db(db_id).get_user_memories, caller.acts_as(user_id), sort_by=sort_by,
            sort_order=sort_order,
        )  # fmt: skip
        return [shown(memory) for memory in found]

    async def update_memory(self, db_id: str, memory_id: str, memory: str, user_id: str, context: Context) -> Data:
        """Give a memory another text."""
        caller = _caller(context)
        require(caller, "memories", "write")
        db = self._os.components.db(db_id)
        known = await ask(db.get_user_memory, memory_id, user_id=caller.acts_as(user_id))
        if known is None:
            raise HTTPException(404, f"Memory with ID {memory_id} not found")
        known.memory = memory
        return shown(await ask(db.upsert_user_memory, known))

    async def delete_memory(self, db_id: str, memory_id: str, context: Context) -> str:
        """Delete a memory, if it is there."""
        caller = _caller(context)
        require(caller, "memories", "delete")
        await ask(self._os.components.db(db_id).delete_user_memory, memory_id, user_id=caller.user_id)
        return "deleted"


__all__ = ["mcp_app"]
