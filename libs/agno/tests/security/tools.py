"""The same two users at the MCP server: what Bob's calls of its tools show, change and start."""

from __future__ import annotations

import json
from typing import Any

import httpx
from security.tenants import ANN, BOB, KINDS, Wanted, always, everything, furnished, shows
from security.whole_os import bearer, token

from agno.os import AgentOS

ASKED = {"accept": "application/json, text/event-stream"}


def calls(ids: dict[str, str]) -> list[tuple[str, dict[str, Any], bool]]:
    """Tool, arguments, and whether it is refused."""
    made: list[tuple[str, dict[str, Any], bool]] = [("get_agentos_config", {}, False)]
    for kind, component in KINDS.items():
        run = {f"{kind}_id": component, "message": "hi", "user_id": ANN}
        made.append((f"run_{kind}", run, False))
        made.append((f"run_{kind}", {**run, "session_id": f"{kind}-session"}, True))
        named = {f"{kind}_id": component, "db_id": "main"}
        made += [(f"get_sessions_for_{kind}", {**named, **more}, False) for more in ({}, {"user_id": ANN})]
    change = {"db_id": "main", "memory_id": ids["memory"], "memory": "mine", "user_id": ANN}
    return [
        *made,
        ("create_memory", {"db_id": "main", "memory": "Ann owes Bob money", "user_id": ANN}, False),
        ("get_memories_for_user", {"user_id": ANN}, False),
        ("update_memory", change, True),
        ("delete_memory", {"db_id": "main", "memory_id": ids["memory"]}, False),
    ]


async def attack(client: httpx.AsyncClient, service: AgentOS, db: Any, wanted: Wanted = always) -> list[str]:
    """Furnish, let Bob call everything with all scopes and with none, and tell what was wrong."""
    async with service.get_app().router.lifespan_context(service.get_app()):
        ids = await furnished(client, service, db)
        before, wrong = everything(db), []
        for number, (tool, arguments, refused) in enumerate(calls(ids)):
            if wanted(f"{tool} {number}"):
                wrong += await _called(
                    client, tool, arguments, token(BOB, scopes=SCOPES), refused, "not found" if refused else ""
                )
            if wanted(f"{tool} {number} without a scope"):
                poor = token(BOB, scopes=["mcp:*"])
                wrong += await _called(client, tool, arguments, poor, True, "Insufficient permissions")
            if (now := everything(db)) != before:
                wrong.append(f"{tool} {arguments}: something has changed")
                before = now
        return wrong


SCOPES = ["mcp:*", "system:read", "sessions:read", "memories:*", *(f"{kind}s:*" for kind in KINDS)]


async def _called(
    client: httpx.AsyncClient, tool: str, arguments: dict[str, Any], who: str, refused: bool, words: str = ""
) -> list[str]:
    said = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    answer = await client.post("/mcp", json=said, headers={**ASKED, **bearer(who)})
    result = answer.json().get("result", {}) if answer.status_code == 200 else {}
    if bool(result.get("isError", True)) is not refused or words not in json.dumps(result) or shows(answer.text):
        return [f"{tool} {arguments}: {answer.status_code} {answer.text[:300]}"]
    return []
