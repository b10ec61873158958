"""AgentOS as an MCP server: what it serves, as tools over streamable HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from agno.db.schemas.memory import UserMemory
from agno.os._caller import Caller, caller_of
from agno.os._components import ask, own_session
from agno.os._guard import require
from agno.os._sessions import listed
from agno.os.interfaces._failures import public_exception
from agno.session import AgentSession, TeamSession, WorkflowSession
from agno.utils.ids import new_id

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.transport_security import TransportSecuritySettings
except ImportError as error:
    raise ImportError('AgentOS as an MCP server needs the package `mcp`: pip install "agno[mcp]"') from error

from fastapi import HTTPException

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Order = Literal["asc", "desc"]
_CLASSES: dict[str, Any] = {"agent": AgentSession, "team": TeamSession, "workflow": WorkflowSession}


def mcp_app(os: AgentOS) -> Any:
    """The ASGI app, to be mounted at /mcp behind the guard of AgentOS, which looks at hosts, origins and callers."""
    server = MCPServer(name=os.title, version=os.shown_version, instructions=os.shown_description)
    tools = _Tools(os)
    for method in (
        tools.get_agentos_config, tools.run_agent, tools.run_team, tools.run_workflow, tools.get_sessions_for_agent,
        tools.get_sessions_for_team, tools.get_sessions_for_workflow, tools.create_memory, tools.get_memories_for_user,
        tools.update_memory, tools.delete_memory,
    ):  # fmt: skip
        server.add_tool(method)
    checked_before = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return server.streamable_http_app(streamable_http_path="/", stateless_http=True, transport_security=checked_before)


class _Tools:
    """The tools. Each does what the caller of its request may do, with what is that caller's own."""

    def __init__(self, os: AgentOS) -> None:
        self._os = os

    async def get_agentos_config(self, ctx: Context) -> dict[str, Any]:
        """What this AgentOS serves: agents, teams and workflows that you may run, and databases."""
        caller, found = _caller(ctx), self._os.components
        shown: dict[str, Any] = {
            f"{kind}s": [
                {"id": one.id, "name": one.name, "description": one.description}
                for one in of_kind.values()
                if caller.may(f"{kind}s", "read", one.id) or caller.may(f"{kind}s", "run", one.id)
            ]
            for kind, of_kind in found.of_kind.items()
        }
        return {"os_id": self._os.os_id, "name": self._os.title, **shown, "databases": list(found.dbs)}

    async def run_agent(self, agent_id: str, message: str, ctx: Context) -> dict[str, Any]:
        """Run an agent with a message."""
        return await self._run("agent", agent_id, message, ctx)

    async def run_team(self, team_id: str, message: str, ctx: Context) -> dict[str, Any]:
        """Run a team with a message."""
        return await self._run("team", team_id, message, ctx)

    async def run_workflow(self, workflow_id: str, message: str, ctx: Context) -> dict[str, Any]:
        """Run a workflow with a message."""
        return await self._run("workflow", workflow_id, message, ctx)

    async def get_sessions_for_agent(
        self, agent_id: str, db_id: str, ctx: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The sessions of an agent."""
        return await self._sessions("agent", agent_id, db_id, user_id, sort_by, sort_order, ctx)

    async def get_sessions_for_team(
        self, team_id: str, db_id: str, ctx: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The sessions of a team."""
        return await self._sessions("team", team_id, db_id, user_id, sort_by, sort_order, ctx)

    async def get_sessions_for_workflow(
        self, workflow_id: str, db_id: str, ctx: Context, user_id: str | None = None, sort_by: str = "created_at",
        sort_order: Order = "desc",
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The sessions of a workflow."""
        return await self._sessions("workflow", workflow_id, db_id, user_id, sort_by, sort_order, ctx)

    async def create_memory(
        self, db_id: str, memory: str, user_id: str, ctx: Context, topics: list[str] | None = None
    ) -> dict[str, Any]:
        """Keep a memory of a user."""
        user = self._allowed(ctx, "memories", "write").acts_as(user_id)
        kept = UserMemory(memory=memory, topics=topics, user_id=user, memory_id=new_id())
        return _shown(await ask(self._db(db_id).upsert_user_memory, kept))

    async def get_memories_for_user(
        self, user_id: str, ctx: Context, sort_by: str = "updated_at", sort_order: Order = "desc",
        db_id: str | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The memories of a user."""
        user = self._allowed(ctx, "memories", "read").acts_as(user_id)
        order = {"sort_by": sort_by, "sort_order": sort_order, "limit": 100}
        return [_shown(one) for one in await ask(self._db(db_id).get_user_memories, user, **order)]

    async def update_memory(
        self, db_id: str, memory_id: str, memory: str, user_id: str, ctx: Context
    ) -> dict[str, Any]:
        """Give a memory another text."""
        user, db = self._allowed(ctx, "memories", "write").acts_as(user_id), self._db(db_id)
        found = await ask(db.get_user_memory, memory_id, user_id=user)
        if found is None:
            raise ToolError(f"Memory with id {memory_id!r} not found")
        found.memory = memory
        return _shown(await ask(db.upsert_user_memory, found))

    async def delete_memory(self, db_id: str, memory_id: str, ctx: Context) -> str:
        """Delete a memory, if it is there."""
        user = self._allowed(ctx, "memories", "delete").user_id
        await ask(self._db(db_id).delete_user_memory, memory_id, user_id=user)
        return "deleted"

    # What they share -------------------------------------------------------------------------------------------------

    def _allowed(self, ctx: Context, resource: str, action: str, component_id: str | None = None) -> Caller:
        caller = _caller(ctx)
        try:
            require(caller, resource, action, component_id)
        except HTTPException as refusal:
            raise ToolError(str(refusal.detail)) from None
        return caller

    def _db(self, db_id: str | None) -> Any:
        try:
            return self._os.components.db(db_id)
        except HTTPException as missing:
            raise ToolError(str(missing.detail)) from None

    async def _run(self, kind: str, component_id: str, message: str, ctx: Context) -> dict[str, Any]:
        caller = self._allowed(ctx, f"{kind}s", "run", component_id)
        try:
            component = self._os.components.component(kind, component_id)
            if caller.session_id is not None:
                await own_session(component, caller.session_id, caller)
            output = await component.arun(message, user_id=caller.user_id, session_id=caller.session_id)
        except HTTPException as missing:
            raise ToolError(str(missing.detail)) from None
        except Exception as error:
            raise ToolError(public_exception(error)) from None
        names = ("run_id", "session_id", "status", "content")
        shown: dict[str, Any] = output.to_dict()
        return {name: shown.get(name) for name in names}

    async def _sessions(
        self, kind: str, component_id: str, db_id: str, user_id: str | None, sort_by: str, order: Order, ctx: Context
    ) -> list[dict[str, Any]]:
        user = self._allowed(ctx, "sessions", "read").acts_as(user_id)
        rows, _ = await ask(
            self._db(db_id).get_sessions, kind, user, component_id, sort_by=sort_by, sort_order=order, limit=100,
            deserialize=False, with_runs=False,
        )  # fmt: skip
        return [listed(_CLASSES[kind].from_dict({**row, "runs": None})) for row in rows]


def _caller(ctx: Context) -> Caller:
    return caller_of(ctx.request_context.request)


def _shown(memory: Any) -> dict[str, Any]:
    shown: dict[str, Any] = memory.to_dict()
    return {name: shown.get(name) for name in ("memory_id", "memory", "topics", "user_id", "updated_at")}


__all__ = ["mcp_app"]
