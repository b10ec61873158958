"""What sessions share: name, tags, the facts of the newest run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from agno.models.message import Message
from agno.run.base import RunStatus
from agno.session.summary_data import SessionSummary
from agno.utils.codec import encode

S = TypeVar("S", bound="SessionBase")

_SKIPPED = (RunStatus.paused, RunStatus.cancelled, RunStatus.error)
_ASSISTANT_ROLES = ("assistant", "model", "CHATBOT")
_OLD_NAMES = ("session_name", "session_description", "session_tags", "session_metadata", "session_created_at", "session_updated_at")  # fmt: skip


class SessionBase:
    """Methods and derived facts of a session."""

    session_id: str
    user_id: str | None
    session_data: dict[str, Any] | None
    metadata: dict[str, Any] | None
    runs: list[Any] | None
    summary: SessionSummary | None
    created_at: int | None
    updated_at: int | None

    # Stored facts ----------------------------------------------------------------------------------------------------

    def _datum(self, key: str, default: Any = None) -> Any:
        return (self.session_data or {}).get(key, default)

    def _set_datum(self, key: str, value: Any) -> None:
        self.session_data = {**(self.session_data or {}), key: value}

    @property
    def name(self) -> str | None:
        """The session's name."""
        return self._datum("session_name")  # type: ignore[no-any-return]  # stored text

    @name.setter
    def name(self, value: str | None) -> None:
        self._set_datum("session_name", value)

    @property
    def description(self) -> str | None:
        """What the session is about."""
        return self._datum("description")  # type: ignore[no-any-return]  # stored text

    @description.setter
    def description(self, value: str | None) -> None:
        self._set_datum("description", value)

    @property
    def tags(self) -> list[str]:
        """Tags, in the order they were set."""
        return list(self._datum("tags") or ())

    @tags.setter
    def tags(self, value: list[str]) -> None:
        self._set_datum("tags", list(value))

    def __getattr__(self, name: str) -> Any:
        if name in _OLD_NAMES:
            raise AttributeError(f"{type(self).__name__}.{name} is now .{name.removeprefix('session_')}")
        fact = LAST_RUN_FACTS.get(name)
        if fact is not None:
            run = self.runs[-1] if self.runs else None
            return fact(run) if run is not None else None
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    # Runs ------------------------------------------------------------------------------------------------------------

    def upsert_run(self, run: Any) -> None:
        """Replace the run with this id, or append it."""
        runs = self.runs if self.runs is not None else []
        self.runs = runs
        for position, known in enumerate(runs):
            if known.run_id == run.run_id:
                runs[position] = run
                return
        runs.append(run)

    def get_run(self, run_id: str) -> Any:
        """The run with this id, or None."""
        return next((run for run in self.runs or () if run.run_id == run_id), None)

    def get_session_summary(self) -> SessionSummary | None:
        """The summary, if there is one."""
        return self.summary

    def _chosen_runs(self, last_n: int | None, skip_status: Any, keep: Callable[[Any], bool]) -> list[Any]:
        skipped = _SKIPPED if skip_status is None else tuple(RunStatus(status) for status in skip_status)
        runs = [run for run in self.runs or () if keep(run) and run.status not in skipped]
        if last_n is None:
            return runs
        return runs[-last_n:] if last_n > 0 else []

    def _messages(self, runs: list[Any], skip_roles: Any, skip_history: bool) -> list[Message]:
        skipped = frozenset(skip_roles or ())
        found: list[Message] = []
        system_seen = False
        for message in (m for run in runs for m in run.messages or ()):
            if message.role in skipped or (skip_history and message.from_history):
                continue
            if message.role == "system":
                if system_seen:
                    continue
                system_seen = True
            found.append(message)
        return found

    def get_messages(
        self,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: list[str] | None = None,
        skip_statuses: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        **owner: Any,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first. A limit never leaves answers to tool calls that were cut off."""
        runs = self._chosen_runs(last_n_runs, skip_statuses, lambda run: self._owned(run, owner))
        messages = self._messages(runs, skip_roles, skip_history_messages)
        if limit is None:
            return messages
        kept = messages[-limit:] if limit > 0 else []
        while kept and kept[0].tool_call_id is not None:
            kept.pop(0)
        return kept

    def _owned(self, run: Any, owner: Mapping[str, Any]) -> bool:
        return all(value is None or getattr(run, key, None) == value for key, value in owner.items())

    def get_messages_from_last_n_runs(
        self,
        agent_id: str | None = None,
        team_id: str | None = None,
        last_n: int | None = None,
        skip_role: str | None = None,
        skip_status: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first."""
        owner = {"agent_id": agent_id, "team_id": team_id}
        roles = [skip_role] if skip_role else None
        return self.get_messages(last_n, None, roles, skip_status, skip_history_messages, **owner)

    def get_messages_for_session(
        self,
        user_role: str = "user",
        assistant_role: list[str] | None = None,
        skip_history_messages: bool = True,
    ) -> list[Message]:
        """Of each run the first user message and the last answer, where it has both."""
        roles = tuple(assistant_role) if assistant_role else _ASSISTANT_ROLES
        found: list[Message] = []
        for run in self.runs or ():
            own = [m for m in run.messages or () if not (skip_history_messages and m.from_history)]
            question = next((m for m in own if m.role == user_role), None)
            answer = next((m for m in reversed(own) if m.role in roles), None)
            if question is not None and answer is not None:
                found += [question, answer]
        return found

    def get_tool_calls(self, num_calls: int | None = None) -> list[dict[str, Any]]:
        """Tool calls, newest run first."""
        calls = [
            call
            for run in reversed(self.runs or [])
            for message in run.messages or ()
            if not message.from_history
            for call in message.tool_calls or ()
        ]
        return calls if num_calls is None else calls[: max(0, num_calls)]

    def get_chat_history(self, last_n_runs: int | None = None) -> list[Message]:
        """All messages of all runs, in order, without the copies of history in them."""
        runs = list(self.runs or ())
        if last_n_runs is not None:
            runs = runs[-last_n_runs:] if last_n_runs > 0 else []
        return [m for run in runs for m in run.messages or () if not m.from_history]

    # Plain data ------------------------------------------------------------------------------------------------------

    def header(self) -> dict[str, Any]:
        """Everything but the runs."""
        data = {key: encode(value) for key, value in self.__dict__.items() if key != "runs" and not key.startswith("_")}
        data.update(self.__dict__.get("_unknown") or {})
        return data

    def to_dict(self) -> dict[str, Any]:
        """All fields; runs as dicts, or None."""
        return {**self.header(), "runs": [run.to_dict() for run in self.runs] if self.runs else None}


def known_fields(data: Mapping[str, Any], names: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of a session, with old spellings translated, and what is not known."""
    fields, unknown = {}, {}
    session_data = dict(data.get("session_data") or {})
    for key, value in data.items():
        if key in names:
            fields[key] = value
        elif key in _OLD_NAMES:
            new = key.removeprefix("session_")
            if new in names:
                fields.setdefault(new, value)
            else:
                session_data.setdefault("session_name" if new == "name" else new, value)
        else:
            unknown[key] = value
    fields["session_data"] = session_data or data.get("session_data")
    summary = fields.get("summary")
    if isinstance(summary, Mapping):
        fields["summary"] = SessionSummary.from_dict(summary)
    return fields, unknown


# Facts of the newest run ---------------------------------------------------------------------------------------------


def _metrics(run: Any) -> Any:
    metrics = getattr(run, "metrics", None)
    total = getattr(metrics, "total", None)
    return total() if callable(total) else metrics


def _from_metrics(name: str) -> Callable[[Any], Any]:
    return lambda run: getattr(_metrics(run), name, None)


def _executor(run: Any) -> Any:
    runs = getattr(run, "step_executor_runs", None)
    return runs[-1] if runs else run


def _provider_data(section: str, key: str) -> Callable[[Any], Any]:
    def read(run: Any) -> Any:
        recorded = getattr(_executor(run), "model_provider_data", None) or {}
        return (recorded.get(section) or {}).get(key)

    return read


def _never(run: Any) -> None:
    return None  # secrets are neither stored nor shown


def _facts() -> dict[str, Callable[[Any], Any]]:
    facts: dict[str, Callable[[Any], Any]] = {
        "at": lambda run: run.created_at,
        "status": lambda run: run.status,
        "id": lambda run: run.run_id,
        "output": lambda run: run,
        "error": lambda run: str(run.content) if run.status is RunStatus.error else None,
        "metrics": _metrics,
        "duration": _from_metrics("duration"),
        "total_tokens": _from_metrics("total_tokens"),
        "input_tokens": _from_metrics("input_tokens"),
        "output_tokens": _from_metrics("output_tokens"),
        "cost": _from_metrics("cost"),
        "currency": lambda run: "USD" if getattr(_metrics(run), "cost", None) is not None else None,
        "model": lambda run: getattr(_executor(run), "model", None),
        "provider": lambda run: getattr(_executor(run), "model_provider", None),
        "api_model_name": lambda run: getattr(_executor(run), "model", None),
        "api_key": _never,
        "api_embedding_model_name": _provider_data("embedder", "name"),
        "api_embedding_model_provider": _provider_data("embedder", "provider"),
    }
    for name, key in _API.items():
        facts[f"api_{name}"] = _provider_data("api", key)
    nested = "api_embedding_model_api"
    for prefix in (nested, f"{nested}_embedding_model_api"):
        facts[f"{prefix}_key"] = _never
        facts[f"{prefix}_model_name"] = _provider_data("embedder", "name")
        for name, key in _API.items():
            facts[f"{prefix}_{name}"] = _provider_data("embedder", key)
    return {f"last_run_{name}": fact for name, fact in facts.items()}


_API = {
    "base": "base",
    "version": "version",
    "type": "type",
    "deployment_name": "deployment_name",
    "engine": "deployment_name",
}

LAST_RUN_FACTS = _facts()

__all__ = ["LAST_RUN_FACTS", "SessionBase", "known_fields"]
