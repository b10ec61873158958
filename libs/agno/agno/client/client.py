"""The client of an AgentOS."""

from __future__ import annotations

from typing import Any

from agno._io import IO, Give, asynchronous, asynchronous_stream, sync, sync_stream
from agno.client._connection import Connection, Headers, Request, quoted
from agno.client._routes import Pair, route
from agno.client._runs import OUTPUTS, RunAt
from agno.run.workflow import workflow_run_output_event_from_dict
from agno.utils.ids import new_id

_PAGED = "limit page sort_by sort_order cursor"
_WHOSE = "user_id agent_id team_id workflow_id"
_SCHEDULE = "description cron_expr run_at timezone input run_options timeout_seconds max_retries retry_delay_seconds"


def _stored(method: str, path: str, about: str, **fields: str) -> Pair:
    """The two faces of a route of one stored component."""
    return route(method, "/components/{component_id}" + path, about, query="component_type db_id", **fields)


class _Runs:
    """Running agents, teams and workflows. Outputs and events are those of a component in this process."""

    connection: Connection

    async def _run(
        self, io: IO, /, kind: str, component_id: str, message: Any, *, background: bool = False, **options: Any
    ) -> Any:
        """Run and wait for the output; with `background=True`, for what is known when it has begun.

        `kind` is "agent", "team" or "workflow". Options are those of the route: `session_id`, `user_id`, `images`, `videos`,
        `audio`, `files`, `session_state`, `dependencies`, `metadata`, `knowledge_filters`, `output_schema` (a class or a JSON
        schema), `additional_data` and so on. A failed run has the status ERROR.
        """
        at = RunAt(
            self.connection,
            kind,
            component_id,
            options.pop("session_id", None) or new_id(),
            options.pop("run_id", None),
        )
        if background:
            begun = await self.connection.send(io, at.begin(message, options, stream=False, background=True))
            return OUTPUTS[kind].from_dict(begun)
        async for _ in at.events(io, at.begin(message, options, stream=True)):
            pass
        return await at.ended(io)

    async def _run_stream(
        self,
        io: IO,
        give: Give,
        /,
        kind: str,
        component_id: str,
        message: Any,
        *,
        background: bool = False,
        **options: Any,
    ) -> None:
        """Run and iterate over all events; each comes once, also when the connection breaks. Options: see `run`.

        A run with `background=True` goes on when the iteration is left.
        """
        at = RunAt(
            self.connection,
            kind,
            component_id,
            options.pop("session_id", None) or new_id(),
            options.pop("run_id", None),
        )
        async for data in at.events(io, at.begin(message, options, stream=True, background=background)):
            await give(workflow_run_output_event_from_dict(data))

    async def _continue(
        self, io: IO, /, kind: str, component_id: str, run_id: str, session_id: str, *, background: bool = False,
        **options: Any,
    ) -> Any:  # fmt: skip
        """Answer what a paused run waits for, or go on with one that broke off; gives its output.

        Options of agents and teams: `requirements`, `tools`, `input`, `additional_instructions`, `continue_from`, `fork`,
        `fork_session`, `regenerate`, `replace_original`, `user_id`; of workflows: `step_requirements`, `error_requirements`, `user_id`.
        """
        at = RunAt(self.connection, kind, component_id, session_id, run_id)
        output = await self.connection.send(io, at.go_on(options, stream=False, background=background))
        return OUTPUTS[kind].from_dict(output)

    async def _continue_stream(
        self, io: IO, give: Give, /, kind: str, component_id: str, run_id: str, session_id: str, **options: Any
    ) -> None:
        """`continue_run` as an iteration over the events."""
        at = RunAt(self.connection, kind, component_id, session_id, run_id)
        async for data in at.events(io, at.go_on(options, stream=True)):
            await give(workflow_run_output_event_from_dict(data))

    async def _follow(
        self, io: IO, give: Give, /, kind: str, component_id: str, run_id: str, *, session_id: str | None = None,
        last_event_id: int | None = None, post: bool = False,
    ) -> None:  # fmt: skip
        """The events of a run that goes on or has just ended, from behind the one with the id `last_event_id`.

        `post=True` asks by POST, for proxies that let no GET stream through. Raises NotFoundError if they are gone.
        """
        at = RunAt(self.connection, kind, component_id, session_id, run_id)
        query = {"session_id": session_id}
        first = Request("GET", f"{at.path}/{quoted(run_id)}/stream", query)
        if post:
            first = Request("POST", f"{at.path}/{quoted(run_id)}/resume", json=query if session_id else {})
        async for data in at.events(io, first, last_event_id):
            await give(workflow_run_output_event_from_dict(data))

    async def _get_run(
        self, io: IO, /, kind: str, component_id: str, run_id: str, session_id: str | None = None
    ) -> Any:
        """A run as it is now."""
        at = RunAt(self.connection, kind, component_id, session_id, run_id)
        request = Request("GET", f"{at.path}/{quoted(run_id)}", {"session_id": session_id})
        return OUTPUTS[kind].from_dict(await self.connection.send(io, request))

    async def _list_runs(
        self, io: IO, /, kind: str, component_id: str, *, session_id: str | None = None, user_id: str | None = None,
        limit: int = 20,
    ) -> Any:  # fmt: skip
        """The runs of a component, the newest first."""
        at = RunAt(self.connection, kind, component_id)
        query = {"session_id": session_id, "user_id": user_id, "limit": limit}
        return [OUTPUTS[kind].from_dict(one) for one in await self.connection.send(io, Request("GET", at.path, query))]

    async def _cancel(
        self, io: IO, /, kind: str, component_id: str, run_id: str, session_id: str | None = None
    ) -> None:
        """Ask a run to stop."""
        at = RunAt(self.connection, kind, component_id, session_id, run_id)
        await self.connection.send(
            io, Request("POST", f"{at.path}/{quoted(run_id)}/cancel", {"session_id": session_id})
        )

    run, arun = sync(_run), asynchronous(_run)
    run_stream, arun_stream = sync_stream(_run_stream), asynchronous_stream(_run_stream)
    continue_run, acontinue_run = sync(_continue), asynchronous(_continue)
    continue_run_stream, acontinue_run_stream = sync_stream(_continue_stream), asynchronous_stream(_continue_stream)
    follow_run, afollow_run = sync_stream(_follow), asynchronous_stream(_follow)
    get_run, aget_run = sync(_get_run), asynchronous(_get_run)
    list_runs, alist_runs = sync(_list_runs), asynchronous(_list_runs)
    cancel_run, acancel_run = sync(_cancel), asynchronous(_cancel)


class AgentOSClient(_Runs):
    """Everything that an AgentOS serves, for programs. Each method has an async twin whose name begins with `a`.

    Records come as dicts, as the service's OpenAPI describes them; runs and events as our classes. What the service refuses
    is an `agno.client.AgentOSError`, by its status; what cannot be reached, RemoteServerUnavailableError.

    - `api_key`: the service's key, or a token; headers: more of them, or a function that gives them for each request,
      for tokens that are renewed
    - `timeout`: seconds without a byte until a connection counts as broken; a stream has a heartbeat every 15 s
    - `patience`: seconds in which a broken or refused connection is tried again
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        headers: Headers | None = None,
        timeout: float = 60.0,
        patience: float = 30.0,
    ) -> None:
        self.connection = Connection(base_url, api_key=api_key, headers=headers, timeout=timeout, patience=patience)

    def __repr__(self) -> str:
        return f"AgentOSClient({self.base_url!r})"

    @property
    def base_url(self) -> str:
        """The address of the service."""
        return self.connection.base_url

    async def _close(self, io: IO) -> None:
        """Close the connections; the client can be used again."""
        await self.connection.close(io)

    close, aclose = sync(_close), asynchronous(_close)

    def __enter__(self) -> AgentOSClient:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    async def __aenter__(self) -> AgentOSClient:
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.aclose()

    # The service
    get_home, aget_home = route("GET", "/", "What answers at the address.")
    get_health, aget_health = route("GET", "/health", "Whether it is up.")
    get_info, aget_info = route("GET", "/info", "Its name and version.")
    get_config, aget_config = route("GET", "/config", "What is served, and from which databases.")
    list_models, alist_models = route("GET", "/models", "The models in use.")
    list_agents, alist_agents = route("GET", "/agents", "The agents.")
    get_agent, aget_agent = route("GET", "/agents/{agent_id}", "One agent.")
    list_teams, alist_teams = route("GET", "/teams", "The teams.")
    get_team, aget_team = route("GET", "/teams/{team_id}", "One team.")
    list_workflows, alist_workflows = route("GET", "/workflows", "The workflows.")
    get_workflow, aget_workflow = route("GET", "/workflows/{workflow_id}", "One workflow.")

    # Sessions
    list_sessions, alist_sessions = route(
        "GET", "/sessions", "Sessions, a page of them.", query=f"type component_id user_id session_name db_id {_PAGED}"
    )
    create_session, acreate_session = route(
        "POST", "/sessions", "Make a session for the agent, team or workflow that is named.", query="db_id",
        json=f"session_id session_name session_state metadata {_WHOSE}",
    )  # fmt: skip
    delete_sessions, adelete_sessions = route(
        "DELETE", "/sessions", "Delete sessions; their types in the same order.", needed="session_ids session_types",
        json="session_ids session_types", query="type db_id",
    )  # fmt: skip
    get_session, aget_session = route("GET", "/sessions/{session_id}", "One session.", query="type user_id db_id")
    update_session, aupdate_session = route(
        "PATCH", "/sessions/{session_id}", "Change a session; what is not named stays.",
        json="session_name session_state metadata", query="type db_id",
    )  # fmt: skip
    delete_session, adelete_session = route("DELETE", "/sessions/{session_id}", "Delete a session.", query="db_id")
    fork_session, afork_session = route(
        "POST", "/sessions/{session_id}/fork", "Copy a session of an agent or a team, or its runs before one of them.",
        json="before_run_id", query="type db_id",
    )  # fmt: skip
    rename_session, arename_session = route(
        "POST", "/sessions/{session_id}/rename", "Rename a session.", needed="session_name", json="session_name",
        query="type db_id",
    )  # fmt: skip
    get_session_runs, aget_session_runs = route(
        "GET", "/sessions/{session_id}/runs", "The runs of a session.", query="type user_id db_id"
    )
    get_session_run, aget_session_run = route(
        "GET", "/sessions/{session_id}/runs/{run_id}", "One of them.", query="type user_id db_id"
    )

    # Memories
    list_memories, alist_memories = route(
        "GET", "/memories", "Memories, a page of them.",
        query=f"user_id agent_id team_id topics search_content db_id {_PAGED}",
    )  # fmt: skip
    create_memory, acreate_memory = route(
        "POST", "/memories", "Keep a memory.", needed="memory", json="memory user_id topics", query="db_id"
    )
    delete_memories, adelete_memories = route(
        "DELETE", "/memories", "Delete memories.", needed="memory_ids", json="memory_ids", query="user_id db_id"
    )
    get_memory, aget_memory = route("GET", "/memories/{memory_id}", "One memory.", query="user_id db_id")
    update_memory, aupdate_memory = route(
        "PATCH",
        "/memories/{memory_id}",
        "Change a memory.",
        needed="memory",
        json="memory user_id topics",
        query="db_id",
    )
    delete_memory, adelete_memory = route("DELETE", "/memories/{memory_id}", "Delete a memory.", query="user_id db_id")
    list_memory_topics, alist_memory_topics = route("GET", "/memory_topics", "All topics.", query="user_id db_id")
    list_user_memory_stats, alist_user_memory_stats = route(
        "GET", "/user_memory_stats", "How many memories each user has.", query=f"user_id db_id {_PAGED}"
    )
    optimize_memories, aoptimize_memories = route(
        "POST", "/optimize-memories", "Let a model tidy up the memories of a user.", json="user_id model apply strategy",
        query="db_id",
    )  # fmt: skip

    # Approvals and learnings
    list_approvals, alist_approvals = route(
        "GET", "/approvals", "Approvals, the newest first.",
        query=f"status run_id session_id {_WHOSE} db_id {_PAGED}",
    )  # fmt: skip
    count_approvals, acount_approvals = route("GET", "/approvals/count", "How many are pending.", query="user_id db_id")
    get_approval, aget_approval = route("GET", "/approvals/{approval_id}", "One approval.", query="db_id")
    resolve_approval, aresolve_approval = route(
        "POST", "/approvals/{approval_id}/resolve", "Approve or reject.", needed="approved",
        json="approved resolved_by resolution_data", query="db_id",
    )  # fmt: skip
    delete_approval, adelete_approval = route(
        "DELETE", "/approvals/{approval_id}", "Delete an approval.", query="db_id"
    )
    list_learnings, alist_learnings = route(
        "GET", "/learnings", "What was learned, a page of it.",
        query=f"learning_type namespace user_id session_id entity_id search_content db_id {_PAGED}",
    )  # fmt: skip
    get_learning, aget_learning = route("GET", "/learnings/{learning_id}", "One learning.", query="db_id")
    delete_learning, adelete_learning = route("DELETE", "/learnings/{learning_id}", "Forget it.", query="db_id")

    # Knowledge
    list_content, alist_content = route(
        "GET", "/knowledge/content", "Contents, a page of them.", query=f"db_id {_PAGED}"
    )
    add_content, aadd_content = route(
        "POST", "/knowledge/content", "Add a content: text, an address, or a file (`agno.media.File`).",
        form="name description url metadata text_content reader_id chunker file", query="db_id",
    )  # fmt: skip
    delete_all_content, adelete_all_content = route(
        "DELETE", "/knowledge/content", "Remove all contents.", query="db_id"
    )
    get_content, aget_content = route("GET", "/knowledge/content/{content_id}", "One content.", query="db_id")
    update_content, aupdate_content = route(
        "PATCH", "/knowledge/content/{content_id}", "Change a content.", form="name description metadata reader_id",
        query="db_id",
    )  # fmt: skip
    delete_content, adelete_content = route(
        "DELETE", "/knowledge/content/{content_id}", "Remove a content.", query="db_id"
    )
    get_content_status, aget_content_status = route(
        "GET", "/knowledge/content/{content_id}/status", "How far a content is.", query="db_id"
    )
    get_knowledge_config, aget_knowledge_config = route(
        "GET", "/knowledge/config", "Readers, chunkers and filters.", query="db_id"
    )
    search_knowledge, asearch_knowledge = route(
        "POST", "/knowledge/search", "Search.", needed="query", json="query max_results filters search_type",
        query="db_id",
    )  # fmt: skip

    # Evaluations and numbers
    list_eval_runs, alist_eval_runs = route(
        "GET", "/eval-runs", "Evaluations, a page of them.",
        query=f"agent_id team_id workflow_id model_id type eval_types db_id {_PAGED}",
    )  # fmt: skip
    run_eval, arun_eval = route(
        "POST", "/eval-runs", "Evaluate an agent, a team or a workflow.", needed="eval_type input",
        json="eval_type input agent_id team_id workflow_id model_id model_provider additional_guidelines additional_context "
        "num_iterations name expected_output warmup_runs expected_tool_calls criteria scoring_strategy threshold",
        query="db_id",
    )  # fmt: skip
    delete_eval_runs, adelete_eval_runs = route(
        "DELETE", "/eval-runs", "Delete evaluations.", needed="eval_run_ids", json="eval_run_ids", query="db_id"
    )
    get_eval_run, aget_eval_run = route("GET", "/eval-runs/{eval_run_id}", "One evaluation.", query="db_id")
    rename_eval_run, arename_eval_run = route(
        "PATCH", "/eval-runs/{eval_run_id}", "Rename an evaluation.", needed="name", json="name", query="db_id"
    )
    get_metrics, aget_metrics = route(
        "GET", "/metrics", "Numbers by day (dates as YYYY-MM-DD).", query="starting_date ending_date db_id"
    )
    refresh_metrics, arefresh_metrics = route("POST", "/metrics/refresh", "Count anew.", query="db_id")
    get_prometheus_metrics, aget_prometheus_metrics = route(
        "GET", "/metrics/prometheus", "Numbers of the process, as text for Prometheus."
    )

    # Traces
    list_traces, alist_traces = route(
        "GET", "/traces", "Traces, the newest first (times in epoch seconds).",
        query=f"run_id session_id {_WHOSE} status since until limit page cursor db_id",
    )  # fmt: skip
    get_trace, aget_trace = route("GET", "/traces/{trace_id}", "One trace as a tree of spans.", query="user_id db_id")
    get_trace_session_stats, aget_trace_session_stats = route(
        "GET", "/trace_session_stats", "Sessions by how often they were traced.",
        query=f"{_WHOSE} since until limit page db_id",
    )  # fmt: skip

    # Schedules
    list_schedules, alist_schedules = route(
        "GET", "/schedules", "Schedules, a page of them.", query="component_id enabled user_id limit page cursor"
    )
    create_schedule, acreate_schedule = route(
        "POST", "/schedules", "Make a schedule.", needed="name component_type component_id",
        json=f"name component_type component_id enabled user_id {_SCHEDULE}",
    )  # fmt: skip
    get_schedule, aget_schedule = route("GET", "/schedules/{schedule_id}", "One schedule.")
    update_schedule, aupdate_schedule = route(
        "PATCH", "/schedules/{schedule_id}", "Change a schedule; what is not named stays.",
        json=f"name enabled {_SCHEDULE}",
    )  # fmt: skip
    delete_schedule, adelete_schedule = route("DELETE", "/schedules/{schedule_id}", "Delete a schedule.")
    enable_schedule, aenable_schedule = route("POST", "/schedules/{schedule_id}/enable", "Let it run.")
    disable_schedule, adisable_schedule = route("POST", "/schedules/{schedule_id}/disable", "Let it rest.")
    trigger_schedule, atrigger_schedule = route("POST", "/schedules/{schedule_id}/trigger", "Run it now.")
    list_schedule_runs, alist_schedule_runs = route(
        "GET",
        "/schedules/{schedule_id}/runs",
        "When it was due, and what came of it.",
        query="status limit page cursor",
    )

    # Stored components and databases
    list_components, alist_components = route(
        "GET", "/components", "Stored components, a page of them.", query=f"component_type db_id {_PAGED}"
    )
    create_component, acreate_component = route(
        "POST", "/components", "Store a component with its first version.", needed="name component_type",
        json="name component_type component_id description metadata config stage label notes set_current", query="db_id",
    )  # fmt: skip
    get_component, aget_component = _stored("GET", "", "One stored component.")
    update_component, aupdate_component = _stored(
        "PATCH",
        "",
        "Change a stored component; what is not named stays.",
        json="name description metadata current_version",
    )
    delete_component, adelete_component = _stored("DELETE", "", "Delete it with all its versions.")
    list_configs, alist_configs = _stored("GET", "/configs", "Its versions, the oldest first.")
    create_config, acreate_config = _stored(
        "POST", "/configs", "Store a new version.", needed="config", json="config stage label notes set_current"
    )
    get_current_config, aget_current_config = _stored("GET", "/configs/current", "The version in use.")
    get_config_version, aget_config_version = _stored("GET", "/configs/{version}", "One version.")
    update_config, aupdate_config = _stored(
        "PATCH", "/configs/{version}", "Change a draft, or publish it.", json="config stage label notes"
    )
    delete_config, adelete_config = _stored("DELETE", "/configs/{version}", "Delete a version that is not in use.")
    set_current_config, aset_current_config = _stored("POST", "/configs/{version}/set-current", "Put a version in use.")
    list_registry, alist_registry = route("GET", "/registry", "What stored components may name.", query=_PAGED)
    migrate_database, amigrate_database = route(
        "POST", "/databases/{db_id}/migrate", "Bring the tables of a database to a version.", query="target_version"
    )
    migrate_all_databases, amigrate_all_databases = route(
        "POST", "/databases/all/migrate", "The same for all databases.", query="target_version"
    )


__all__ = ["AgentOSClient"]
