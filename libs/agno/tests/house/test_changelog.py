"""The changelog of version 2.0, line by line: what it says about the parts that are here, each with a check of it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import BaseDb
from agno.db.in_memory import InMemoryDb
from agno.knowledge.knowledge import Knowledge
from agno.memory import MemoryManager
from agno.models.metrics import Metrics
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.session import AgentSession, TeamSession, WorkflowSession
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.workflow import Workflow

Check = Callable[[], object]  # true, if the line holds
OUTPUTS = (RunOutput, TeamRunOutput, WorkflowRunOutput)
SESSIONS = (AgentSession, TeamSession, WorkflowSession)


def fields(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def settings(kind: type[Any]) -> set[str]:
    return set(inspect.signature(kind).parameters)


def components() -> tuple[Any, ...]:
    return Agent(), Team([Agent(name="A")]), Workflow()


def gone(*modules: str) -> bool:
    return not any(is_there(module) for module in modules)


def is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it is not there
        return False


def named(module: str, *names: str) -> list[Any]:
    return [getattr(import_module(module), name) for name in names]


def the_state_of_a_run_stays_out_of_the_agent() -> bool:
    def count(session_state: dict[str, Any]) -> None:
        session_state["n"] += 1

    model = ScriptedModel(wants("count"), says("counted"))
    agent = Agent(model=model, tools=[count], session_state={"n": 0}, db=InMemoryDb())
    agent.run("count", session_id="s")
    return (agent.session_state, agent.get_session_state("s")) == ({"n": 0}, {"n": 1})


def a_custom_event_of_ones_own_says_its_kind() -> bool:
    [base] = named("agno.run.agent", "CustomEvent")
    event = dataclasses.make_dataclass("Delivered", [("to", str, "")], bases=(base,))(to="Ann")
    return event.to_dict()["event"] == "CustomEvent" and event.to_dict()["to"] == "Ann"


def an_old_workflow_id_is_ignored() -> bool:
    with pytest.warns(DeprecationWarning):
        return Workflow(id="x", workflow_id="y").id == "x"


def a_manager_of_ones_own_is_taken() -> bool:
    manager = type("Mine", (MemoryManager,), {})()
    return all(c(memory_manager=manager).memory_manager is manager for c in (Agent, lambda **more: Team([], **more)))


def runs_of_everything_can_be_cancelled() -> bool:
    return all(callable(c.cancel_run) and not c.cancel_run("nope") for c in components())


@cache
def routes() -> set[str]:
    [agent_os] = named("agno.os", "AgentOS")
    return set(agent_os(agents=[Agent(id="a", db=InMemoryDb())], telemetry=False).get_app().openapi()["paths"])


RUN_ROUTES = {"/agents/{agent_id}/runs", "/teams/{team_id}/runs", "/workflows/{workflow_id}/runs"}
RECORD_ROUTES = {"/sessions", "/memories", "/knowledge/content", "/eval-runs", "/metrics"}
STATELESS = ["agent_session", "team_session", "workflow_session", "run_response", "run_id", "session_metrics"]
TOP_LEVEL = {"references", "additional_input", "reasoning_steps", "reasoning_messages"}

CLAIMS: list[tuple[int, str, Check]] = [
    (7, "agents, teams and workflows", lambda: [import_module(f"agno.{m}") for m in ("agent", "team", "workflow")]),
    (9, "components keep nothing of a run", lambda: not any(hasattr(c, n) for c in components() for n in STATELESS)),
    (10, "one Knowledge", lambda: Knowledge()),
    (
        11,
        "one db for sessions, memories, evals and knowledge",
        lambda: (
            {"upsert_session", "upsert_user_memory", "create_eval_run", "upsert_knowledge_content", "calculate_metrics"}
            <= set(dir(BaseDb))
        ),
    ),
    (
        17,
        "packages by concept",
        lambda: [
            import_module(f"agno.{name}")
            for name in [
                "db",
                "knowledge",
                "vectordb",
                "models",
                "tools",
                "run",
                "session",
                "memory",
                "reasoning",
                "utils",
                "media",
            ]
        ],
    ),
    (18, "no deployment code in this package", lambda: gone("agno.workspace", "agno.docker", "agno.aws")),
    (21, "AgentOS", lambda: named("agno.os", "AgentOS")),
    (22, "agents, teams and workflows over HTTP", lambda: routes() >= RUN_ROUTES),
    (23, "sessions, memories, knowledge, evaluations and metrics over HTTP", lambda: routes() >= RECORD_ROUTES),
    (28, "no Playground", lambda: gone("agno.playground")),
    (29, "AGUI for AGUIApp, and no apps", lambda: named("agno.os.interfaces.agui", "AGUI") and gone("agno.app")),
    (30, "Slack for SlackApi", lambda: named("agno.os.interfaces.slack", "Slack")),
    (31, "Whatsapp for WhatsappApi", lambda: named("agno.os.interfaces.whatsapp", "Whatsapp")),
    (33, "DiscordClient under integrations", lambda: named("agno.integrations.discord", "DiscordClient")),
    (37, "teams and workflows too", lambda: not any(hasattr(c, n) for c in components() for n in STATELESS)),
    (38, "settings are defaults that no run changes", the_state_of_a_run_stays_out_of_the_agent),
    (39, "custom events", a_custom_event_of_ones_own_says_its_kind),
    (71, "RunOutput and events in agno.run.agent", lambda: named("agno.run.agent", "RunOutput", "RunEvent")),
    (72, "no extra_data", lambda: all("extra_data" not in fields(o) and fields(o) >= TOP_LEVEL for o in OUTPUTS)),
    (73, "metadata on all outputs", lambda: all("metadata" in fields(output) for output in OUTPUTS)),
    (77, "three kinds of sessions", lambda: len({session.__name__ for session in SESSIONS}) == 3),
    (78, "sessions have runs", lambda: all(hasattr(session(session_id="s"), "runs") for session in SESSIONS)),
    (86, "one Metrics", lambda: not hasattr(import_module("agno.models.message"), "MessageMetrics")),
    (97, "runs are cancelled", runs_of_everything_can_be_cancelled),
    (98, "a status 'cancelled'", lambda: RunStatus("cancelled") is RunStatus.cancelled),
    (102, "a db for everything", lambda: all("db" in settings(kind) for kind in (Agent, Team, Workflow))),
    (103, "no storage=", lambda: not any({"storage", "memory"} & settings(kind) for kind in (Agent, Team, Workflow))),
    (107, "no agno.storage", lambda: gone("agno.storage") and issubclass(InMemoryDb, BaseDb)),
    (121, "memory over a db", lambda: named("agno.db.schemas", "UserMemory")),
    (122, "enable_user_memories=", lambda: all("enable_user_memories" in settings(kind) for kind in (Agent, Team))),
    (123, "memory_manager= may be one's own", a_manager_of_ones_own_is_taken),
    (124, "no AgentMemory", lambda: gone("agno.memory.agent", "agno.memory.team", "agno.memory.v2")),
    (128, "a knowledge package", lambda: import_module("agno.knowledge")),
    (
        129,
        "one way to add content",
        lambda: (
            {"path", "url", "text_content", "topics", "remote_content", "reader", "metadata"}
            <= set(inspect.signature(Knowledge.add_content).parameters)
        ),
    ),
    (
        130,
        "every way of retrieval",
        lambda: (
            (
                {
                    "knowledge",
                    "search_knowledge",
                    "add_knowledge_to_context",
                    "knowledge_retriever",
                    "knowledge_filters",
                }
                | {"enable_agentic_knowledge_filters"}
            )
            <= settings(Agent)
        ),
    ),
    (
        131,
        "async knowledge, embedders and vector stores",
        lambda: all(
            inspect.iscoroutinefunction(getattr(kind, name))
            for kind, names in (
                (Knowledge, "add_content_async async_search"),
                (*named("agno.knowledge.embedder.openai", "OpenAIEmbedder"), "async_get_embedding"),
                (*named("agno.vectordb.base", "VectorDb"), "async_insert async_upsert async_search"),
            )
            for name in names.split()
        ),
    ),
    (
        132,
        "no classes of knowledge bases",
        lambda: gone(*(f"agno.knowledge.{name}" for name in ["agent", "pdf", "pdf_url", "combined", "website"])),
    ),
    (133, "readers, chunkers and embedders are knowledge", lambda: gone("agno.embedder", "agno.document")),
    (151, "workflow_id is id", lambda: Workflow(id="x").id == "x" and not hasattr(Workflow(), "workflow_id")),
    (152, "a workflow_id= is ignored", an_old_workflow_id_is_ignored),
    (
        156,
        "message is input",
        lambda: "input" in fields(WorkflowRunOutput) and "message" not in fields(WorkflowRunOutput),
    ),
]

# line -> module, what stood for it before, what stands for it now
RENAMED = {
    45: ("agno.run.agent", "RunResponse", "RunOutput"),
    46: ("agno.run.agent", "RunResponseStartedEvent", "RunStartedEvent"),
    47: ("agno.run.agent", "RunResponseContentEvent", "RunContentEvent"),
    48: ("agno.run.agent", "RunResponseCompletedEvent", "RunCompletedEvent"),
    49: ("agno.run.agent", "IntermediateRunResponseContentEvent", "IntermediateRunContentEvent"),
    50: ("agno.run.agent", "RunResponseErrorEvent", "RunErrorEvent"),
    51: ("agno.run.agent", "RunResponseCancelledEvent", "RunCancelledEvent"),
    55: ("agno.run.team", "TeamRunResponse", "TeamRunOutput"),
    56: ("agno.run.team", "RunResponseStartedEvent", "RunStartedEvent"),
    57: ("agno.run.team", "RunResponseContentEvent", "RunContentEvent"),
    58: ("agno.run.team", "RunResponseCompletedEvent", "RunCompletedEvent"),
    59: ("agno.run.team", "IntermediateRunResponseContentEvent", "IntermediateRunContentEvent"),
    60: ("agno.run.team", "RunResponseErrorEvent", "RunErrorEvent"),
    61: ("agno.run.team", "RunResponseCancelledEvent", "RunCancelledEvent"),
    65: ("agno.run.workflow", "WorkflowRunResponse", "WorkflowRunOutput"),
    66: ("agno.run.workflow", "WorkflowRunResponseStartedEvent", "WorkflowRunStartedEvent"),
    67: ("agno.run.workflow", "WorkflowRunResponseContentEvent", "WorkflowRunContentEvent"),
    68: ("agno.run.workflow", "WorkflowRunResponseCompletedEvent", "WorkflowRunCompletedEvent"),
    69: ("agno.run.workflow", "WorkflowRunResponseErrorEvent", "WorkflowRunErrorEvent"),
    70: ("agno.run.workflow", "WorkflowRunResponseCancelledEvent", "WorkflowRunCancelledEvent"),
    108: ("agno.db.postgres", "PostgresStorage", "PostgresDb"),
    109: ("agno.db.sqlite", "SqliteStorage", "SqliteDb"),
    110: ("agno.db.mysql", "MysqlStorage", "MysqlDb"),
    111: ("agno.db.redis", "RedisStorage", "RedisDb"),
    112: ("agno.db.mongo", "MongoStorage", "MongoDb"),
    113: ("agno.db.dynamo", "DynamoDBStorage", "DynamoDb"),
    114: ("agno.db.singlestore", "SingleStoreStorage", "SingleStoreDb"),
    115: ("agno.db.in_memory", "InMemoryStorage", "InMemoryDb"),
    116: ("agno.db.json", "JsonStorage", "JsonDb"),
    117: ("agno.db.gcs_json", "GCSJsonStorage", "GCSJsonDb"),
}
# names that programs may have from elsewhere, for the same class
SAME_CLASS = {
    66: "WorkflowStartedEvent",
    68: "WorkflowCompletedEvent",
    69: "WorkflowErrorEvent",
    70: "WorkflowCancelledEvent",
    110: "MySQLDb",
    117: "GcsJsonDb",
}

METRICS = {
    87: ("audio_tokens", "audio_total_tokens"),
    88: ("input_audio_tokens", "audio_input_tokens"),
    89: ("output_audio_tokens", "audio_output_tokens"),
    90: ("cached_tokens", "cache_read_tokens"),
    91: ("prompt_tokens completion_tokens", "input_tokens output_tokens"),
    92: ("prompt_tokens_details completion_tokens_details", "provider_metrics"),
    93: ("time", "duration"),
}
METHODS_OF_SESSIONS = {80: "get_run", 81: "get_session_summary", 82: "get_chat_history"}
METHODS_OF_WORKFLOWS = {
    139: ("add_memory_references", "add_memories"),
    140: ("get_memory_references", "get_memories"),
    141: ("delete_memory_references", "delete_memories"),
    145: ("add_session_summary_references", "add_session_summaries"),
    146: ("get_session_summary_references", "get_session_summaries"),
    147: ("delete_session_summary_references", "delete_session_summaries"),
}
_EMBEDDING = "last_run_api_embedding_model"
_API = ["key", "base", "version", "type", "deployment_name", "engine", "model_name"]
ATTRIBUTES_OF_SESSIONS = [  # from line 160 on, in the order of the changelog; each was session_… before
    *["name", "description", "tags", "metadata", "created_at", "updated_at"],
    *(f"last_run_{fact}" for fact in ["at", "status", "id", "output", "error", "metrics", "duration"]),
    *(
        f"last_run_{fact}"
        for fact in ["total_tokens", "input_tokens", "output_tokens", "cost", "currency", "model", "provider"]
    ),
    *(f"last_run_api_{fact}" for fact in _API),
    *[f"{_EMBEDDING}_name", f"{_EMBEDDING}_provider"],
    *(f"{_EMBEDDING}_api_{fact}" for fact in _API),
    *(f"{_EMBEDDING}_api_embedding_model_api_{fact}" for fact in _API),
]


def _renamed(line: int) -> bool:
    module, before, now = RENAMED[line]
    there = import_module(module)
    kind = getattr(there, now)
    same = getattr(there, SAME_CLASS.get(line, now))
    return kind is same and not hasattr(there, before) and (line < 100 or issubclass(kind, BaseDb))


def _metric(before: str, now: str) -> bool:
    return not set(before.split()) & fields(Metrics) and set(now.split()) <= set(dir(Metrics()))


def _session_attribute(name: str) -> bool:
    session = WorkflowSession(session_id="s")
    return hasattr(session, name) and not hasattr(session, f"session_{name}")


def lines() -> Iterator[tuple[int, str, Check]]:
    """Each line of the changelog that says something of these parts, in words, and whether it holds."""
    yield from CLAIMS
    for line, (_, before, now) in RENAMED.items():
        yield line, f"{before} is {now}", lambda line=line: _renamed(line)
    for line, pair in METRICS.items():
        yield line, f"the metric {pair[0]} is {pair[1]}", lambda pair=pair: _metric(*pair)
    for line, name in METHODS_OF_SESSIONS.items():
        yield line, f"sessions have {name}", lambda name=name: all(callable(getattr(s, name)) for s in SESSIONS)
    for line, (before, now) in METHODS_OF_WORKFLOWS.items():
        yield (
            line,
            f"{before} is {now}",
            lambda b=before, n=now: callable(getattr(Workflow, n)) and not hasattr(Workflow, b),
        )
    for line, name in enumerate(ATTRIBUTES_OF_SESSIONS, 160):
        yield line, f"session_{name} is {name}", lambda name=name: _session_attribute(name)


@pytest.mark.parametrize(
    "check",
    [pytest.param(check, id=f"{line}: {what}") for line, what, check in sorted(lines(), key=lambda row: row[:2])],
)
def test_what_the_changelog_says_holds(check: Check) -> None:
    assert check() is not False


def test_old_imports_of_knowledge_are_where_the_changelog_says() -> None:
    for module in ["embedder.openai", "document", "chunking.fixed", "reranker.base", "reader.text_reader"]:
        assert import_module(f"agno.knowledge.{module}")
    assert gone("agno.reranker")
    assert ATTRIBUTES_OF_SESSIONS[-1] == f"{_EMBEDDING}_api_embedding_model_api_model_name"
    assert len(ATTRIBUTES_OF_SESSIONS) == 202 - 160 + 1
