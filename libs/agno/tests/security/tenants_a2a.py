"""What Bob tries by A2A: with the ids of Ann's tasks and contexts, in both bindings and versions."""

from __future__ import annotations

from typing import Any

import httpx
from security.attempts import ANN, BOB, FINE, GONE, KINDS, Attempt, attempt
from security.whole_os import bearer, token

NEW = {"A2A-Version": "1.0"}
AS_ANN = {**NEW, "X-User-ID": ANN}
REFUSED = (400,)


def of_a2a(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    """By route. Errors of JSON-RPC have the status 200; that nothing was changed or shown is looked at for all."""
    found: dict[str, list[Attempt]] = {}
    for kind, component in KINDS.items():
        found.update(_of_kind(kind, f"/a2a/{kind}s/{component}", f"/a2a/{kind}s/{{{kind}_id}}", ids))
    paused = _message(taskId=ids["paused"])
    found["POST /a2a/agents/{agent_id}/v1/message:send"].append(
        attempt("/a2a/agents/asker/v1/message:send", GONE, json=paused, headers=NEW)
    )
    his = _message(taskId=ids["his"])
    found["POST /a2a/agents/{agent_id}/v1/message:stream"].append(
        attempt("/a2a/agents/asker/v1/message:stream", (200, 400), json=his, headers=AS_ANN)
    )
    named = {"agent_id": "helper", "user_id": ANN}
    for name in ("send", "stream"):
        calls = [_call(f"message/{name}", contextId="agent-session", metadata=named)]
        calls += [_call(f"message/{name}", taskId=ids["agent_hosted"], metadata=named)]
        found[f"POST /a2a/message/{name}"] = [attempt(f"/a2a/message/{name}", FINE, json=call) for call in calls]
    return found


async def unscoped(client: httpx.AsyncClient) -> list[str]:
    """Whoever may run one agent may not run another one by naming it."""
    poor = bearer(token(BOB, scopes=["agents:asker:run"]))
    calls = {"asker": 200, "helper": 403, "nobody": 403}
    wrong = []
    for agent_id, status in calls.items():
        call = _call("message/send", metadata={"agent_id": agent_id})
        answer = await client.post("/a2a/message/send", json=call, headers=poor)
        if answer.status_code != status:
            wrong.append(f"POST /a2a/message/send to {agent_id}: {answer.status_code}")
    return wrong


def _of_kind(kind: str, base: str, name: str, ids: dict[str, str]) -> dict[str, list[Attempt]]:
    tasks = [ids[f"{kind}_{how}"] for how in ("stored", "hosted")]
    context = f"{kind}-session"
    found = {
        f"GET {name}/.well-known/agent-card.json": [attempt(f"{base}/.well-known/agent-card.json", FINE)],
        f"GET {name}/v1/card": [attempt(f"{base}/v1/card", FINE)],
        f"GET {name}/v1/extendedAgentCard": [attempt(f"{base}/v1/extendedAgentCard", FINE, headers=NEW)],
        f"POST {name}": _calls(base, context, tasks),
        f"GET {name}/v1/tasks": [
            attempt(f"{base}/v1/tasks", FINE, owner=True, headers=NEW),
            attempt(f"{base}/v1/tasks", FINE, headers=AS_ANN),
            attempt(f"{base}/v1/tasks", FINE, headers=NEW, params={"contextId": context, "includeArtifacts": "true"}),
        ],
    }
    for verb in ("send", "stream"):
        path = f"{base}/v1/message:{verb}"
        found[f"POST {name}/v1/message:{verb}"] = [
            attempt(path, REFUSED, json=_message(contextId=context), headers=AS_ANN),
            attempt(path, REFUSED, json=_message(), headers=NEW, claims={"session_id": context}),
            *(attempt(path, GONE, json=_message(taskId=task, contextId=context), headers=AS_ANN) for task in tasks),
            attempt(path, FINE, json=_message(), headers=AS_ANN),
        ]
    return {**found, **_of_tasks(base, name, tasks)}


def _of_tasks(base: str, name: str, tasks: list[str]) -> dict[str, list[Attempt]]:
    one, paths = f"{name}/v1/tasks/{{id}}", [f"{base}/v1/tasks/{task}" for task in tasks]
    found = {
        f"GET {one}": [attempt(path, GONE, owner=True, headers=NEW) for path in paths],
        f"POST {one}:cancel": [attempt(f"{path}:cancel", GONE, headers=AS_ANN) for path in paths],
        **{
            f"{method} {one}:subscribe": [attempt(f"{path}:subscribe", GONE, headers=NEW) for path in paths]
            for method in ("GET", "POST")
        },
    }
    for verb in ("get", "cancel"):
        bodies = [{"json": {"id": task}, "headers": NEW} for task in tasks]
        found[f"POST {name}/v1/tasks:{verb}"] = [attempt(f"{base}/v1/tasks:{verb}", GONE, **body) for body in bodies]
    configs, config = "pushNotificationConfigs", {"json": {"url": "http://127.0.0.1/x"}}
    for method, rest, path in (
        ("POST", "", ""),
        ("GET", "", ""),
        ("GET", "/{push_id}", "/p"),
        ("DELETE", "/{push_id}", "/p"),
    ):
        more = config if method == "POST" else {}
        found[f"{method} {one}/{configs}{rest}"] = [
            attempt(f"{paths[0]}/{configs}{path}", REFUSED, headers=NEW, **more)
        ]
    return found


def _calls(base: str, context: str, tasks: list[str]) -> list[Attempt]:
    bodies: list[dict[str, Any]] = [
        _call("message/send", contextId=context),
        _call("message/stream", contextId=context),
    ]
    for task in tasks:
        bodies += [_call("message/send", taskId=task), _call("message/stream", taskId=task, contextId=context)]
        bodies += [{"jsonrpc": "2.0", "id": 1, "method": method, "params": {"id": task}} for method in
                   ("tasks/get", "tasks/cancel", "tasks/resubscribe")]  # fmt: skip
    old = [attempt(base, FINE, json=body, headers={"X-User-ID": ANN}) for body in bodies]
    listing = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {"contextId": context}}
    return [*old, attempt(base, FINE, json=listing, headers=NEW)]


def _message(**more: Any) -> dict[str, Any]:
    return {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "yes"}], **more}}


def _call(method: str, **more: Any) -> dict[str, Any]:
    message = {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "yes"}], **more}
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}
