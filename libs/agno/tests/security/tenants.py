"""Two users of one service: what one of them has, and what the other one tries to do to it, for every route."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from fastapi import HTTPException
from security.attempts import ANN, BOB, FINE, GONE, KINDS, NOT_HIS, Attempt, attempt
from security.tenants_a2a import of_a2a
from security.tenants_a2a import unscoped as unscoped_a2a
from security.whole_os import bearer, socket, token
from starlette.requests import Request

from agno.db.query import Query
from agno.db.schemas import EvalRunRecord, EvalType, KnowledgeRow, UserMemory
from agno.db.tables import (
    APPROVALS,
    COMPONENTS,
    EVALS,
    KNOWLEDGE,
    LEARNINGS,
    MEMORIES,
    SCHEDULE_RUNS,
    SCHEDULES,
    TRACES,
)
from agno.os import AgentOS
from agno.os._caller import SCOPE_KEY, Caller
from agno.os._operators import operators_only
from agno.os.interfaces._chat.talk import Talk

MARK = "private-words"  # in all that is Ann's
OPERATORS = "operators-words"  # in what has no owner
_TOGETHER = 10  # routes after which it is looked whether they changed something
ROWS = (MEMORIES, EVALS, KNOWLEDGE, SCHEDULES, SCHEDULE_RUNS, TRACES, APPROVALS, LEARNINGS, COMPONENTS)


_NAMED = [*((f"{kind}-session", kind) for kind in KINDS), ("paused-session", "agent"), ("his", "agent")]


# What there is -------------------------------------------------------------------------------------------------------


async def furnished(client: httpx.AsyncClient, service: AgentOS, db: Any) -> dict[str, str]:
    """What Ann has, made over HTTP where there is a route for it, and what belongs to the operators. Ids by name."""
    ids: dict[str, str] = {}
    ann = bearer(token(ANN))
    for kind, component in KINDS.items():
        for name in ("stored", "hosted"):
            form = {"message": f"{MARK} of a {kind}", "stream": "true", "session_id": f"{kind}-session"}
            text = (await client.post(f"/{kind}s/{component}/runs", data=form, headers=ann)).text
            ids[f"{kind}_{name}"] = json.loads(text.split("data: ", 1)[1].split("\n", 1)[0])["run_id"]
            if name == "stored":
                service.runs.ended.clear()
    form = {"message": MARK, "stream": "false", "session_id": "paused-session"}
    ids["paused"] = (await client.post("/agents/asker/runs", data=form, headers=ann)).json()["run_id"]
    bob = bearer(token(BOB))
    form = {**form, "message": "hi", "session_id": "his"}
    his = (await client.post("/agents/asker/runs", data=form, headers=bob)).json()
    ids["his"], ids["his_answers"] = his["run_id"], json.dumps([{**one, "confirmed": True} for one in his["tools"]])
    form = {"message": "hi", "stream": "false", "session_id": "his-gate"}
    gate = (await client.post("/workflows/gate/runs", data=form, headers=bob)).json()
    ids["gate"] = gate["run_id"]
    ids["gate_answers"] = json.dumps([{**one, "confirmed": True} for one in gate["step_requirements"]])
    memory = {"memory": f"Ann has {MARK}", "topics": [MARK]}
    ids["memory"] = (await client.post("/memories", json=memory, headers=ann)).json()["memory_id"]
    schedule = {"name": MARK, "component_type": "agent", "component_id": "helper", "run_at": int(time.time()) + 9999}
    ids["schedule"] = (await client.post("/schedules", json=schedule, headers=ann)).json()["id"]
    await client.post(f"/schedules/{ids['schedule']}/trigger", headers=ann)
    await _without_routes(service, db)
    bobs = {**schedule, "name": "of bob"}
    ids["bobs"] = (await client.post("/schedules", json=bobs, headers=bearer(token(BOB)))).json()["id"]
    options = {"run_options": {"session_id": "agent-session"}}
    row = db.get_schedule(ids["bobs"])
    db.put(SCHEDULES, {**row, **options, "id": "trap", "name": "trap"})  # of Bob, but with a session of Ann
    ids["trap"] = "trap"
    return ids


async def _without_routes(service: AgentOS, db: Any) -> None:
    trace = {"trace_id": "trace-1", "name": MARK, "status": "completed", "run_id": "r", "session_id": "traced-session",
             "user_id": ANN, "agent_id": "helper", "started_us": 1_700_000_000_000_000, "duration_us": 5, "span_count": 0,
             "error_count": 0, "usage": {}, "dropped_spans": 0, "spans": []}  # fmt: skip
    db.save_trace(trace)
    db.create_eval_run(
        EvalRunRecord(run_id="eval-1", eval_type=EvalType.ACCURACY, eval_data={"words": OPERATORS}, agent_id="helper")
    )
    row = KnowledgeRow(id="content-1", name=OPERATORS, description=OPERATORS, status="completed")
    db.upsert_knowledge_content(row)
    approval = {
        "approval_type": "required",
        "status": "pending",
        "run_id": "r",
        "session_id": "s",
        "agent_id": "helper",
    }
    db.create_approval({**approval, "id": "approval-1", "user_id": ANN, "tool_name": MARK})
    for number in (1, 2):
        db.create_approval({**approval, "id": f"bobs-{number}", "user_id": BOB, "tool_name": "launch"})
    db.upsert_learning({"learning_id": "learning-1", "learning_type": "note", "user_id": ANN, "content": {"a": MARK}})
    for stage in ("published", "draft"):
        db.save_component("agent", "stored-1", {"name": OPERATORS}, name=OPERATORS, stage=stage)
    db.upsert_user_memory(UserMemory("Bob likes tea", memory_id="bobs-memory", user_id=BOB))


def everything(db: Any) -> dict[str, Any]:
    """All rows that are not Bob's, as they are stored now."""
    found: dict[str, Any] = {}
    for table in ROWS:
        rows, _ = db.find(table, Query())
        foreign = [row for row in rows if row.get("user_id") != BOB and not _of_bobs(table, row)]
        found[table.kind] = sorted(json.dumps(row, sort_keys=True, default=str) for row in foreign)
    for kind in KINDS:
        sessions = db.get_sessions(kind, sort_by="session_id")
        found[kind] = [one.to_dict() for one in sessions if one.user_id != BOB]
    found["whose"] = {name: db.get_session(name, kind) and db.get_session(name, kind).user_id for name, kind in _NAMED}
    return found


def _of_bobs(table: Any, row: Any) -> bool:
    return table is SCHEDULE_RUNS and MARK not in json.dumps(row, default=str) and row.get("user_id") == BOB


# What Bob tries ------------------------------------------------------------------------------------------------------


def attempts(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    """By route, `METHOD /path`. A route that is not here fails the test that looks at all routes of the app."""
    found: dict[str, list[Attempt]] = {
        **{
            key: []
            for key in ("GET /health", "GET /docs", "GET /docs/oauth2-redirect", "GET /redoc", "GET /openapi.json")
        },
        **{f"GET {path}": [attempt(path, FINE)] for path in ("/", "/info", "/config", "/models", "/status")},
    }
    for kind, component in KINDS.items():
        found.update(_of_runs(kind, component, ids))
    return {**found, **_of_sessions(ids), **_of_memories(ids), **_of_records(), **_of_operators(), **_of_schedules(ids), **_of_traces(),
            "WS /workflows/ws": [], **_of_interfaces(ids), **of_a2a(ids)}  # fmt: skip


def _of_runs(kind: str, component: str, ids: dict[str, str]) -> dict[str, list[Attempt]]:
    base, name = f"/{kind}s/{component}", f"/{kind}s/{{{kind}_id}}"
    runs, session = f"{base}/runs", {"session_id": f"{kind}-session"}
    form = {"message": "hi", "stream": "false"}
    both = [f"{runs}/{ids[f'{kind}_{how}']}" for how in ("stored", "hosted")]
    found = {
        f"GET /{kind}s": [attempt(f"/{kind}s", FINE)],
        f"GET {name}": [attempt(base, FINE)],
        f"POST {name}/runs": [
            attempt(runs, GONE, data={**form, **session}),
            attempt(runs, GONE, data={**form, **session, "user_id": ANN}),
            attempt(runs, GONE, data={**form, **session, "stream": "true"}),
            attempt(runs, GONE, data={**form, **session, "background": "true"}),
            attempt(runs, GONE, data=form, claims=session),
            attempt(runs, FINE, data={**form, "user_id": ANN}),
        ],
        f"GET {name}/runs": [
            attempt(runs, FINE, owner=True),
            attempt(runs, FINE, params={"user_id": ANN}, owner=True),
            attempt(runs, FINE, params=session),
        ],
    }
    one = f"{name}/runs/{{run_id}}"
    found[f"GET {one}"] = [
        made for path in both for made in (attempt(path, GONE, owner=True), attempt(path, GONE, params=session))
    ]
    found[f"GET {one}/stream"] = [attempt(both[1], GONE), attempt(f"{both[1]}/stream", GONE, params=session)]
    found[f"POST {one}/resume"] = [attempt(f"{both[1]}/resume", GONE, data=session)]
    found[f"POST {one}/cancel"] = [attempt(f"{path}/cancel", GONE, params=session) for path in both]
    found[f"POST {one}/continue"] = [
        attempt(f"{path}/continue", GONE, data={**more, "user_id": ANN}) for path in both for more in ({}, session)
    ]
    if kind == "agent":
        paused = f"/agents/asker/runs/{ids['paused']}/continue"
        found[f"POST {one}/continue"].append(
            attempt(paused, GONE, data={"tools": "[]", "session_id": "paused-session"})
        )
        his = {"session_id": "his", "user_id": ANN, "stream": "false", "tools": ids["his_answers"]}
        found[f"POST {one}/continue"].append(attempt(f"/agents/asker/runs/{ids['his']}/continue", FINE, data=his))
    return found


def _of_sessions(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = {}

    def add(route: str, *made: Attempt) -> None:
        found.setdefault(route, []).extend(made)

    for kind, component in KINDS.items():
        one, of, name = f"/sessions/{kind}-session", {"type": kind}, "/sessions/{session_id}"
        as_ann = {**of, "user_id": ANN}
        add("GET /sessions", attempt("/sessions", FINE, params=of, owner=True))
        add("GET /sessions", attempt("/sessions", FINE, params={**as_ann, "component_id": component}, owner=True))
        taken = {f"{kind}_id": component, "session_id": f"{kind}-session", "user_id": ANN}
        add("POST /sessions", attempt("/sessions", (409,), json=taken))
        add("POST /sessions", attempt("/sessions", FINE, json={f"{kind}_id": component, "user_id": ANN}))
        lists = {"session_ids": [f"{kind}-session"], "session_types": [kind]}
        add("DELETE /sessions", attempt("/sessions", FINE, params=as_ann, json=lists))
        add(f"GET {name}", attempt(one, GONE, params=of, owner=True), attempt(one, GONE, params=as_ann))
        change = {"session_name": "mine", "session_state": {"a": 1}, "metadata": {"a": 1}}
        add(f"PATCH {name}", attempt(one, GONE, params=as_ann, json=change))
        add(f"DELETE {name}", attempt(one, FINE, params=as_ann))
        if kind != "workflow":
            add(f"POST {name}/fork", attempt(f"{one}/fork", GONE, params=as_ann, json={}))
        add(f"POST {name}/rename", attempt(f"{one}/rename", GONE, params=as_ann, json={"session_name": "mine"}))
        add(f"GET {name}/runs", attempt(f"{one}/runs", GONE, params=of, owner=True))
        add(f"GET {name}/runs", attempt(f"{one}/runs", GONE, params=as_ann))
        run = f"{one}/runs/{ids[f'{kind}_stored']}"
        add(f"GET {name}/runs/{{run_id}}", attempt(run, GONE, params=of, owner=True), attempt(run, GONE, params=as_ann))
    return found


def _of_memories(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    one, name, as_ann = f"/memories/{ids['memory']}", "/memories/{memory_id}", {"user_id": ANN}
    return {
        "GET /memories": [
            attempt("/memories", FINE, owner=True),
            attempt("/memories", FINE, params=as_ann, owner=True),
            attempt("/memories", FINE, params={"search_content": MARK}),
        ],
        "POST /memories": [attempt("/memories", FINE, json={"memory": "Ann owes Bob money", **as_ann})],
        "DELETE /memories": [
            attempt("/memories", FINE, json={"memory_ids": [ids["memory"]]}),
            attempt("/memories", FINE, params=as_ann, json={"memory_ids": [ids["memory"]]}),
        ],
        f"GET {name}": [attempt(one, GONE, owner=True), attempt(one, GONE, params=as_ann)],
        f"PATCH {name}": [
            attempt(one, GONE, json={"memory": "mine", **as_ann}),
            attempt(one, GONE, json={"memory": "x"}),
        ],
        f"DELETE {name}": [attempt(one, FINE, params=as_ann), attempt(one, FINE)],
        "GET /memory_topics": [
            attempt("/memory_topics", FINE, owner=True),
            attempt("/memory_topics", FINE, params=as_ann),
        ],
        "POST /optimize-memories": [
            attempt("/optimize-memories", FINE, json=as_ann),
            attempt("/optimize-memories", FINE, json={**as_ann, "apply": False}),
            attempt("/optimize-memories", NOT_HIS, json={"model": "offline:x"}),
        ],
        "GET /user_memory_stats": [
            attempt("/user_memory_stats", FINE),
            attempt("/user_memory_stats", FINE, params=as_ann),
        ],
    }


def _of_records() -> dict[str, list[Attempt]]:
    """Approvals and learnings."""
    approval, learning, as_ann = "/approvals/approval-1", "/learnings/learning-1", {"user_id": ANN}
    decision = {"approved": True}
    return {
        "GET /approvals": [attempt("/approvals", FINE, owner=True), attempt("/approvals", FINE, params=as_ann)],
        "GET /approvals/count": [
            attempt("/approvals/count", FINE, says='{"count":2}', params=more) for more in ({}, as_ann)
        ],
        "GET /approvals/{approval_id}": [attempt(approval, GONE, owner=True)],
        "POST /approvals/{approval_id}/resolve": [attempt(f"{approval}/resolve", (403, 404), json=decision)],
        "DELETE /approvals/{approval_id}": [attempt(approval, (403, 404))],
        "GET /learnings": [attempt("/learnings", FINE, owner=True), attempt("/learnings", FINE, params=as_ann)],
        "GET /learnings/{learning_id}": [attempt(learning, GONE, owner=True)],
        "DELETE /learnings/{learning_id}": [attempt(learning, GONE)],
    }


def _of_operators() -> dict[str, list[Attempt]]:
    """What has no owner: a user without a scope for it is refused."""
    evals, content = "/eval-runs/eval-1", "/knowledge/content/content-1"
    an_eval = {"agent_id": "helper", "eval_type": "reliability", "input": "hi", "expected_tool_calls": []}
    found = {
        "GET /eval-runs": attempt("/eval-runs", NOT_HIS),
        "POST /eval-runs": attempt("/eval-runs", NOT_HIS, json=an_eval),
        "DELETE /eval-runs": attempt("/eval-runs", NOT_HIS, json={"eval_run_ids": ["eval-1"]}),
        "GET /eval-runs/{eval_run_id}": attempt(evals, NOT_HIS),
        "PATCH /eval-runs/{eval_run_id}": attempt(evals, NOT_HIS, json={"name": "mine"}),
        "GET /metrics": attempt("/metrics", NOT_HIS),
        "POST /metrics/refresh": attempt("/metrics/refresh", NOT_HIS),
        "GET /metrics/prometheus": attempt("/metrics/prometheus", NOT_HIS),
        "GET /knowledge/content": attempt("/knowledge/content", NOT_HIS),
        "POST /knowledge/content": attempt("/knowledge/content", NOT_HIS, data={"text_content": "mine"}),
        "GET /knowledge/content/{content_id}": attempt(content, NOT_HIS),
        "PATCH /knowledge/content/{content_id}": attempt(content, NOT_HIS, data={"name": "mine"}),
        "DELETE /knowledge/content/{content_id}": attempt(content, NOT_HIS),
        "GET /knowledge/content/{content_id}/status": attempt(f"{content}/status", NOT_HIS),
        "GET /knowledge/config": attempt("/knowledge/config", NOT_HIS),
        "POST /knowledge/search": attempt("/knowledge/search", (200, 403), json={"query": MARK}),
        "DELETE /knowledge/content": attempt("/knowledge/content", NOT_HIS),
    }
    found |= _of_definitions()
    scraper = {"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"}
    tried = {route: [made] for route, made in found.items()}
    tried["GET /metrics"].append(attempt("/metrics", NOT_HIS, headers=scraper))
    return tried


def _of_definitions() -> dict[str, Attempt]:
    """Stored components, and the tables of databases."""
    one, name = "/components/stored-1", "/components/{component_id}"
    new = {"name": "mine", "component_type": "agent", "config": {}}
    return {
        "GET /components": attempt("/components", NOT_HIS),
        "POST /components": attempt("/components", NOT_HIS, json=new),
        f"GET {name}": attempt(one, NOT_HIS),
        f"PATCH {name}": attempt(one, NOT_HIS, json={"name": "mine", "current_version": 1}),
        f"DELETE {name}": attempt(one, NOT_HIS),
        f"GET {name}/configs": attempt(f"{one}/configs", NOT_HIS),
        f"POST {name}/configs": attempt(f"{one}/configs", NOT_HIS, json={"config": {}, "stage": "published"}),
        f"GET {name}/configs/current": attempt(f"{one}/configs/current", NOT_HIS),
        f"GET {name}/configs/{{version}}": attempt(f"{one}/configs/1", NOT_HIS),
        f"PATCH {name}/configs/{{version}}": attempt(f"{one}/configs/2", NOT_HIS, json={"config": {"a": 1}}),
        f"DELETE {name}/configs/{{version}}": attempt(f"{one}/configs/2", NOT_HIS),
        f"POST {name}/configs/{{version}}/set-current": attempt(f"{one}/configs/1/set-current", NOT_HIS),
        "GET /registry": attempt("/registry", NOT_HIS),
        "POST /databases/all/migrate": attempt("/databases/all/migrate", NOT_HIS),
        "POST /databases/{db_id}/migrate": attempt("/databases/main/migrate", NOT_HIS),
    }


def _of_schedules(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    one, name, trap = f"/schedules/{ids['schedule']}", "/schedules/{schedule_id}", f"/schedules/{ids['trap']}"
    new = {"name": "x", "component_type": "agent", "component_id": "helper", "run_at": int(time.time()) + 9999}
    session = {"run_options": {"session_id": "agent-session"}}
    return {
        "GET /schedules": [
            attempt("/schedules", FINE, owner=True),
            attempt("/schedules", FINE, params={"user_id": ANN}, owner=True),
        ],
        "POST /schedules": [
            attempt("/schedules", GONE, json={**new, **session}),
            attempt("/schedules", FINE, json={**new, "user_id": ANN}),
            attempt("/schedules", (400,), json={**new, "run_options": {"user_id": ANN}}),
        ],
        f"GET {name}": [attempt(one, GONE, owner=True)],
        f"PATCH {name}": [
            attempt(one, GONE, json={"name": "mine"}),
            attempt(f"/schedules/{ids['bobs']}", GONE, json=session),
        ],
        f"DELETE {name}": [attempt(one, GONE)],
        f"POST {name}/enable": [attempt(f"{one}/enable", GONE), attempt(f"{trap}/enable", GONE)],
        f"POST {name}/disable": [attempt(f"{one}/disable", GONE)],
        f"POST {name}/trigger": [attempt(f"{one}/trigger", GONE), attempt(f"{trap}/trigger", GONE)],
        f"GET {name}/runs": [attempt(f"{one}/runs", GONE)],
    }


def _of_traces() -> dict[str, list[Attempt]]:
    as_ann = {"user_id": ANN}
    return {
        "GET /traces": [
            attempt("/traces", FINE, owner=True),
            attempt("/traces", FINE, params=as_ann, owner=True),
            attempt("/traces", FINE, params={"session_id": "traced-session"}),
        ],
        "GET /traces/{trace_id}": [
            attempt("/traces/trace-1", GONE, owner=True),
            attempt("/traces/trace-1", GONE, params=as_ann),
        ],
        "GET /trace_session_stats": [
            attempt("/trace_session_stats", FINE),
            attempt("/trace_session_stats", FINE, params=as_ann),
        ],
    }


def _of_interfaces(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    thread = {"threadId": "agent-session", "runId": "r1", "state": {}, "tools": [], "context": [],
              "forwardedProps": {}, "messages": [{"id": "1", "role": "user", "content": "hi"}]}  # fmt: skip
    return {
        "POST /agui": [attempt("/agui", (200, 404), json=thread)],
        **_of_openai(ids),
        **_of_chats("/api/chat", "/api/chat"),
        **_of_chats("/api/chat/{component_id}", "/api/chat/helper"),
    }


def _of_openai(ids: dict[str, str]) -> dict[str, list[Attempt]]:
    chat = {"model": "helper", "messages": [{"role": "user", "content": "hi"}], "user": ANN}
    new = {"model": "helper", "input": "hi", "user": ANN}
    theirs = [f"resp_{ids[f'agent_{how}']}" for how in ("stored", "hosted")]
    one = [f"/v1/responses/{key}" for key in theirs]
    return {
        "GET /v1/models": [attempt("/v1/models", FINE)],
        "GET /v1/models/{model}": [attempt("/v1/models/helper", FINE)],
        "POST /v1/chat/completions": [
            attempt("/v1/chat/completions", GONE, json={**chat, "metadata": {"session_id": "agent-session"}}),
            attempt("/v1/chat/completions", FINE, json=chat),
        ],
        "POST /v1/responses": [
            attempt("/v1/responses", GONE, json={**new, "conversation": "agent-session"}),
            *(attempt("/v1/responses", GONE, json={**new, "previous_response_id": key}) for key in theirs),
            attempt("/v1/responses", FINE, json=new),
        ],
        "GET /v1/responses/{response_id}": [
            *(attempt(path, GONE) for path in one),
            attempt(one[0], GONE, params={"stream": "true"}),
        ],
        "POST /v1/responses/{response_id}/cancel": [attempt(path + "/cancel", GONE) for path in one],
        "DELETE /v1/responses/{response_id}": [attempt(path, GONE) for path in one],
    }


def _of_chats(name: str, path: str) -> dict[str, list[Attempt]]:
    chat = {"id": "agent-session", "messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}]}
    stream = f"{path}/agent-session/stream"
    return {
        f"POST {name}": [
            attempt(path, GONE, json=chat),
            attempt(path, GONE, json={**chat, "trigger": "regenerate-message"}),
            attempt(path, FINE, json={**chat, "id": f"bobs{path.replace('/', '-')}"}),
        ],
        f"GET {name}/{{chat_id}}/stream": [attempt(stream, (204,))],
        f"DELETE {name}/{{chat_id}}/stream": [attempt(stream, (204,))],
    }


def messages(ids: dict[str, str]) -> list[str]:
    """What Bob says at the WebSocket; the answer to each is an error."""
    flow, session = {"workflow_id": "flow"}, {"session_id": "workflow-session"}
    said = [{"action": "start-workflow", "message": "hi", **flow, **session, "user_id": ANN}]
    said.append({"action": "reconnect", "run_id": "unheard-of"})
    for run_id in (ids["workflow_stored"], ids["workflow_hosted"]):
        said += [
            {"action": "reconnect", "run_id": run_id},
            {"action": "cancel-workflow", **flow, "run_id": run_id, **session},
            {"action": "continue-workflow", **flow, "run_id": run_id, **session, "user_id": ANN},
        ]
    return [json.dumps(one) for one in said]


# The attack ----------------------------------------------------------------------------------------------------------


def routes_of(service: AgentOS) -> set[str]:
    """Each route of the app, `METHOD /path`."""
    found = set()
    for route in service.get_app().routes:
        methods = getattr(route, "methods", None)
        path = getattr(route, "path_format", route.path)  # type: ignore[attr-defined]
        found |= {f"{method} {path}" for method in (methods or {"WS"}) if method != "HEAD"}
    return found


def shows(text: str) -> bool:
    """Whether an answer has something that is not Bob's."""
    return any(words in text for words in (MARK, ANN, OPERATORS))


Wanted = Callable[[str], bool]
"""Whether something is tried; it is asked before each attempt. Tests try everything, and mutants what concerns them."""


def always(what: str) -> bool:
    return True


async def attack(client: httpx.AsyncClient, service: AgentOS, db: Any, wanted: Wanted = always) -> list[str]:
    """Furnish, let Bob try everything, and tell what was wrong."""
    ids = await furnished(client, service, db)
    before, wrong, since = everything(db), [], []
    tried = attempts(ids)
    for number, (route, several) in enumerate(tried.items(), 1):
        for position, one in enumerate(several):
            if wanted(f"{route} {position}"):
                since.append(route)
                wrong += await _tried(client, route, one)
        if not since or (number % _TOGETHER and number < len(tried)):
            continue  # to look at everything costs more than the attempts
        if (now := everything(db)) != before:
            changed = [name for name in before if before[name] != now[name]]
            wrong.append(f"one of {', '.join(since)}: changed {', '.join(changed)}")
            before = now
        since = []
    for work in (_foreign_socket, _own_socket, _own_approvals, _chats):
        if wanted(work.__name__):
            wrong += await work(client, service, ids)
            if everything(db) != before:
                wrong.append(f"{work.__name__}: something has changed")
    return wrong


async def _own_approvals(client: httpx.AsyncClient, service: AgentOS, ids: dict[str, str]) -> list[str]:
    """Nobody approves what they asked for, unless a scope says that they may; and then not in the name of another one."""
    decision, bob = {"approved": True, "resolved_by": ANN}, bearer(token(BOB))
    resolved = await client.post("/approvals/bobs-1/resolve", json=decision, headers=bob)
    deleted = await client.delete("/approvals/bobs-2", headers=bob)
    found = (resolved.status_code, resolved.json().get("resolved_by"), deleted.status_code)
    right = (200, BOB, 204) if service.tokens is not None else (403, None, 403)
    return [] if found == right else [f"own approvals: {found} instead of {right}"]


async def _chats(client: httpx.AsyncClient, service: AgentOS, ids: dict[str, str]) -> list[str]:
    """In a chat of several people, the session of one of them is not continued by another one."""
    talk = Talk(service.agents[0], service.runs.later)
    named = [await talk.session_for("agent-session", user) for user in (ANN, BOB)]
    return [] if named == ["agent-session", f"agent-session:{BOB}"] else [f"chats: {named}"]


async def _foreign_socket(client: httpx.AsyncClient, service: AgentOS, ids: dict[str, str]) -> list[str]:
    """Bob asks for what is Ann's."""
    heard = await socket(client._transport.app, "/workflows/ws", token(BOB), *messages(ids))  # type: ignore[attr-defined]
    errors = heard.count('"event":"error"')
    if errors != len(messages(ids)) or shows(heard):
        return [f"WS /workflows/ws: {errors} of {len(messages(ids))} refused: {heard[:500]}"]
    return []


async def _own_socket(client: httpx.AsyncClient, service: AgentOS, ids: dict[str, str]) -> list[str]:
    """Bob does what he may, but in the name of Ann: it is done in his."""
    start = {"action": "start-workflow", "workflow_id": "flow", "message": "hi", "user_id": ANN}
    answers = {"step_requirements": json.loads(ids["gate_answers"]), "session_id": "his-gate", "user_id": ANN}
    go_on = {"action": "continue-workflow", "workflow_id": "gate", "run_id": ids["gate"], **answers}
    said = [json.dumps(start), json.dumps(go_on)]
    heard = await socket(client._transport.app, "/workflows/ws", token(BOB), *said)  # type: ignore[attr-defined]
    while service.runs.active:
        await asyncio.sleep(0.001)
    gate = await client.get(f"/workflows/gate/runs/{ids['gate']}", headers=bearer(token(BOB)))
    if '"event":"error"' in heard or gate.json().get("status") != "COMPLETED" or shows(heard):
        return [f"WS /workflows/ws: {gate.text[:300]} {heard[:500]}"]
    return []


async def _tried(client: httpx.AsyncClient, route: str, one: Attempt) -> list[str]:
    method = route.split()[0]
    answer = await client.request(method, one.path, **_as(token(BOB, **one.claims), one))
    wrong = []
    if answer.status_code not in one.statuses:
        wrong.append(f"{method} {one.path} {one.options}: {answer.status_code} {answer.text[:200]}")
    if shows(answer.text) or one.says not in answer.text:
        wrong.append(f"{method} {one.path} {one.options} shows {answer.text[:300]}")
    if one.owner:
        own = await client.request(method, one.path, **_as(token(ANN), one))
        if MARK not in own.text:
            wrong.append(f"{method} {one.path} {one.options}: its owner does not see it: {own.text[:200]}")
    return wrong


def _as(who: str, one: Attempt) -> dict[str, Any]:
    return {**one.options, "headers": {**one.options.get("headers", {}), **bearer(who)}}


# Scopes --------------------------------------------------------------------------------------------------------------


OPEN_PATHS = {"/health", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}


async def unscoped(client: httpx.AsyncClient, service: AgentOS, db: Any, wanted: Wanted = always) -> list[str]:
    """What a token with too few scopes reaches all the same."""
    wrong = []
    nobody = token(BOB, scopes=["unheard:of"])
    for method, path in (one.split() for one in sorted(routes_of(service))):
        if path in OPEN_PATHS or method == "WS" or path.startswith("/v1/") or not wanted(f"{method} {path}"):
            continue
        path = path.replace("{version}", "1").replace("{", "").replace("}", "")
        for who, status in ((nobody, 403), (None, 401)):
            answer = await client.request(method, path, headers=bearer(who) if who else {})
            if answer.status_code != status:
                wrong.append(f"{method} {path}: {answer.status_code} instead of {status}")
    for work in (
        _unscoped_lists,
        _unscoped_schedules,
        _unscoped_socket,
        _unscoped_models,
        _unscoped_operators,
        unscoped_a2a,
    ):
        if wanted(work.__name__):
            wrong += await work(client)
    return wrong


async def _unscoped_lists(client: httpx.AsyncClient) -> list[str]:
    shown = await client.get("/agents", headers=bearer(token(BOB, scopes=["agents:asker:read"])))
    return [] if [one["id"] for one in shown.json()] == ["asker"] else [f"GET /agents shows {shown.text}"]


async def _unscoped_models(client: httpx.AsyncClient) -> list[str]:
    """For clients of OpenAI and pages of Vercel, what they may not run is not there; who may run nothing is refused."""
    some, nobody = (bearer(token(BOB, scopes=[scope])) for scope in ("agents:asker:run", "agents:asker:read"))
    said = {"messages": [{"role": "user", "content": "hi"}]}
    page = {"id": "c", "messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}]}
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/v1/models/helper", None),
        ("POST", "/v1/chat/completions", {"model": "helper", **said}),
        ("POST", "/v1/responses", {"model": "helper", "input": "hi"}),
        ("POST", "/api/chat/helper", page),
    ]
    wrong = []
    listed = [one["id"] for one in (await client.get("/v1/models", headers=some)).json()["data"]]
    if listed != ["asker"]:
        wrong.append(f"GET /v1/models shows {listed}")
    for method, path, body in requests:
        asked = [await client.request(method, path, json=body, headers=headers) for headers in (some, nobody, {})]
        if (statuses := [one.status_code for one in asked]) != [404, 403, 401]:
            wrong.append(f"{method} {path}: {statuses}")
    return wrong


async def _unscoped_operators(client: httpx.AsyncClient) -> list[str]:
    """What operators do asks for the scope itself, whatever the guard in front of it looked at."""
    caller = Caller(user_id=BOB, scopes=frozenset({"unheard:of"}))
    try:
        operators_only(Request({"type": "http", SCOPE_KEY: caller}), "evals", "read")
    except HTTPException as error:
        return [] if error.status_code == 403 else [f"operators_only: {error.status_code}"]
    return ["operators_only: a user without a scope passes"]


async def _unscoped_schedules(client: httpx.AsyncClient) -> list[str]:
    """Whoever may not run an agent may not have it run either."""
    wrong = []
    new = {"name": "n", "component_type": "agent", "component_id": "helper", "run_at": int(time.time()) + 9999}
    made = (await client.post("/schedules", json=new, headers=bearer(token(BOB)))).json()
    poor = bearer(token(BOB, scopes=["schedules:*"]))
    for path in ("/schedules", f"/schedules/{made['id']}/enable", f"/schedules/{made['id']}/trigger"):
        answer = await client.post(path, json=new, headers=poor)
        if answer.status_code != 403:
            wrong.append(f"POST {path}: {answer.status_code}")
    answer = await client.patch(f"/schedules/{made['id']}", json={"name": "m"}, headers=poor)
    return wrong + ([f"PATCH /schedules: {answer.status_code}"] if answer.status_code != 403 else [])


async def _unscoped_socket(client: httpx.AsyncClient) -> list[str]:
    form = {"message": "hi", "stream": "true"}
    text = (await client.post("/workflows/flow/runs", data=form, headers=bearer(token(BOB)))).text
    run_id = json.loads(text.split("data: ", 1)[1].split("\n", 1)[0])["run_id"]
    flow = {"workflow_id": "flow", "run_id": run_id, "message": "hi"}
    said = [json.dumps({"action": action, **flow}) for action in
            ("start-workflow", "reconnect", "cancel-workflow", "continue-workflow")]  # fmt: skip
    poor = token(BOB, scopes=["agents:*"])
    heard = await socket(client._transport.app, "/workflows/ws", poor, *said)  # type: ignore[attr-defined]
    refused = heard.count("Insufficient permissions")
    return [] if refused == len(said) else [f"WS: {refused} of {len(said)} refused: {heard[:300]}"]
