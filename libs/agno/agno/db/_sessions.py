"""Between session objects and their rows."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

import agno.session
from agno.db._claims import CLAIMS, Claim, claims_of, keep_claims, without_claims
from agno.db._codec import from_json, nested_from_json, plain_to_json
from agno.db._port import DbError, RunRow, SessionConflictError, StoredHeader
from agno.db.tables import RUNS, SESSIONS, Row, fitting
from agno.run.base import RunStatus
from agno.utils.codec import encode
from agno.utils.dttm import now_epoch

_CLASSES = {"agent": "AgentSession", "team": "TeamSession", "workflow": "WorkflowSession"}
_KINDS = {name: kind for kind, name in _CLASSES.items()}
_JSON = tuple(column.name for column in SESSIONS.columns if column.kind == "json")
_PLAIN = tuple(name for name in SESSIONS.names if name not in SESSIONS.json_names and name != "session_type")


@dataclass
class Known:
    """What a session object knows to be stored: so that a write touches only what this object changed."""

    data: bytes | str | None = None  # the JSON of session_data
    runs: dict[str, int] = field(default_factory=dict)  # hash of the JSON by run_id
    claim: Claim | None = None  # of the run that goes on with this object


def own_copy(session: Any) -> Any:
    """A session object that can be changed and stored beside the one it is copied from; the runs are shared."""
    twin = copy.copy(session)
    twin.runs = list(session.runs or ())
    if (stored := known(session)) is not None:
        mine = twin.__dict__["_stored"] = Known()
        mine.data, mine.claim = stored.data, stored.claim
        mine.runs.update(stored.runs)
    return twin


def known(session: Any) -> Known | None:
    """What the object knows; None if it was neither read nor written."""
    found: Known | None = session.__dict__.get("_stored")
    return found


def remember(session: Any, data: bytes | str | None, runs: Iterable[RunRow]) -> Known:
    """Note what is stored now."""
    before = known(session)
    if before is None:
        before = session.__dict__["_stored"] = Known()
    before.data = data
    before.runs.update((run_id, hash(payload)) for run_id, payload in runs)
    return before


def hold(session: Any, claim: Claim) -> None:
    """Note which run is continued with the object: what is stored of that run is checked against the claim."""
    (known(session) or remember(session, None, ())).claim = claim


def kind_of(session: Any) -> str:
    """The type of a session object, as it is stored."""
    for cls in type(session).__mro__:
        if cls.__name__ in _KINDS:
            return _KINDS[cls.__name__]
    raise TypeError(
        f"{type(session).__name__} is no session. A db stores AgentSession, TeamSession and WorkflowSession objects."
    )


def header_row(session: Any) -> Row:
    """The header of a session as a row."""
    row: Row = {name: getattr(session, name, None) for name in _PLAIN}
    row["session_type"] = kind_of(session)
    for name in _JSON:
        row[name] = getattr(session, name, None)
    summary = row["summary"]
    if hasattr(summary, "to_dict"):
        row["summary"] = summary.to_dict()
    workflow = getattr(session, "workflow_name", None)
    if workflow is not None:  # there is no column for it
        row["workflow_data"] = {**(row["workflow_data"] or {}), "name": workflow}
    return row


def run_row(session_id: str, run: Any) -> Row:
    """A run as a row; the payload is JSON."""
    status = getattr(run, "status", None)
    row = {
        "session_id": session_id,
        "run_id": run.run_id,
        "parent_run_id": getattr(run, "parent_run_id", None),
        "status": getattr(status, "value", status) or "",
        "created_at": getattr(run, "created_at", None),
        "payload": plain_to_json(run.to_dict()),
    }
    return fitting(RUNS, row)


_PROGRESS = "#progress-"


def progress_id(run_id: str, part: int | str) -> str:
    """The key of a row that holds what a run has done so far: one of its records, or a run inside of it."""
    return f"{run_id}{_PROGRESS}{part}"


def progress_row(session_id: str, run: Any, row_id: str, record: Mapping[str, Any]) -> Row:
    """A part of what a run has done, as a row beside it."""
    return {
        "session_id": session_id,
        "run_id": row_id,
        "parent_run_id": run.run_id,
        "status": "RUNNING",
        "created_at": now_epoch(),
        "payload": plain_to_json(encode({**record, "row": row_id})),
    }


def owner_of_progress(run_id: str, payload: bytes | str) -> str | None:
    """The run whose progress a row holds; None if the row is a run, whatever its id looks like."""
    owner, marked, _ = run_id.rpartition(_PROGRESS)
    if not marked or from_json(payload).get("row") != run_id:
        return None
    return owner


def without_progress(rows: Iterable[RunRow]) -> list[RunRow]:
    """The rows that are runs."""
    return [row for row in rows if owner_of_progress(*row) is None]


def has_progress(rows: Sequence[RunRow]) -> bool:
    """True if some of the rows may hold what a run did so far."""
    return any(_PROGRESS in run_id for run_id, _ in rows)


def newest_runs(rows: Sequence[RunRow], number: int) -> list[RunRow]:
    """The newest runs, each with the rows beside it."""
    kept = {run_id for run_id, _ in without_progress(rows)[-number:]}
    return [row for row in rows if row[0] in kept or owner_of_progress(*row) in kept]


def with_progress(rows: Sequence[RunRow]) -> Sequence[RunRow]:
    """The rows of the runs, each with what was stored beside it."""
    if not has_progress(rows):
        return rows
    found: dict[str, Any] = {}
    for run_id, payload in rows:
        owner = owner_of_progress(run_id, payload)
        if owner is None:
            found[run_id] = payload
        elif owner in found:  # else the run itself lies outside of what was read
            run = found[owner] if isinstance(found[owner], dict) else from_json(found[owner])
            found[owner] = run
            _add_progress(run, from_json(payload))
    return [(run_id, plain_to_json(run) if isinstance(run, dict) else run) for run_id, run in found.items()]


def _add_progress(run: dict[str, Any], record: dict[str, Any]) -> None:
    if "run" in record:  # of a run inside that has not ended, or whose end stands nowhere else
        run["at_work"] = [*(run.get("at_work") or ()), record]
        return
    runs = record.pop("runs", None) or []
    run.setdefault("step_executor_runs", [])
    run["step_executor_runs"] += runs
    run["progress"] = [*(run.get("progress") or ()), record]
    if "answers" in record and run.get("status") == RunStatus.paused.value:
        run["status"] = RunStatus.running.value  # a process went on with it
    output, state = record.get("output"), record.get("state")
    if output is not None and "." not in record["key"] and "/" not in record["key"]:
        run["step_results"] = [*(run.get("step_results") or ()), output]
    if state is not None and not record.get("branch"):
        run["session_state"] = state


def session_of(header: Row, runs: Sequence[RunRow]) -> Any:
    """The session that rows describe."""
    runs = with_progress(runs)
    cls = getattr(agno.session, _CLASSES.get(header["session_type"], "AgentSession"))
    fields = cls.__dataclass_fields__
    header["session_data"] = without_claims(header.get("session_data"))
    data = {name: value for name, value in header.items() if name in fields and value is not None}
    if "workflow_name" in fields and isinstance(header.get("workflow_data"), Mapping):
        data["workflow_name"] = header["workflow_data"].get("name")
    data["runs"] = [from_json(payload) for _, payload in runs]
    session = cls.from_dict(data)
    text = header.get("session_data")
    remember(session, None if text is None else plain_to_json(text), runs)
    return session


def dict_of(header: Row, runs: Sequence[RunRow]) -> Row:
    """The row as plain data, with the runs."""
    row = {name: header.get(name) for name in SESSIONS.names}
    row["session_data"] = without_claims(row["session_data"])
    row["runs"] = [from_json(payload) for _, payload in with_progress(runs)]
    return row


def with_old_runs(stored: Any, rows: Sequence[RunRow]) -> list[RunRow]:
    """Runs of the header of an older version, then the rows; a row replaces the old run with its id."""
    old = old_runs(stored)
    if not old:
        return list(rows)
    rest = dict(rows)
    first = {
        run["run_id"]: rest.pop(run["run_id"]) if run["run_id"] in rest else plain_to_json(run)
        for run in old
        if run.get("run_id")
    }
    return [*first.items(), *rest.items()]


def old_runs(stored: Any) -> list[Row]:
    """The runs that an older version wrote into a header: data, its JSON, JSON of that, or of each of the runs."""
    try:
        found = nested_from_json(stored) if not isinstance(stored, (str, bytes)) or stored.strip() else None
        runs = [nested_from_json(run) for run in ([found] if isinstance(found, Mapping) else found or ()) if run]
        return [{**run, "run_id": str(run["run_id"])} if run.get("run_id") else dict(run) for run in runs]
    except (msgspec.DecodeError, TypeError, AttributeError) as error:
        raise DbError(
            "A session of Agno 2.0 has something else than a list of runs in its column `runs`. "
            "`agno migrate DB --dry-run` names the session; set the column to null to go on without them."
        ) from error


def check_owner(session: Row, stored: StoredHeader) -> None:
    """Refuse to write over the session of somebody else."""
    name = session["session_id"]
    if stored.session_type != session["session_type"]:
        raise SessionConflictError(
            f"Session {name!r} is a session of type {stored.session_type!r}, so a run of type "
            f"{session['session_type']!r} cannot be kept in it. Use another session_id."
        )
    if stored.user_id is not None and stored.user_id != session["user_id"]:
        raise SessionConflictError(f"Session {name!r} belongs to another user. Use another session_id.")


def settled(header: Row, stored: StoredHeader, before: Known | None) -> Row:
    """The header to write over a stored one: type and creation stay, and so does what others changed meanwhile."""
    row = {**header, "session_type": stored.session_type, "created_at": stored.created_at}
    text = stored.session_data
    if text is None:
        return row
    if before is None:
        keep_claims(row, nested_from_json(text) if _mentions_claims(text) else None)
    elif not _same(before.data, text):
        theirs = nested_from_json(text)
        row["session_data"] = merged(nested_from_json(before.data) or {}, row["session_data"] or {}, theirs or {})
    return row


def claims_in(stored: StoredHeader) -> dict[str, Any]:
    """The claims in a stored header."""
    text = stored.session_data
    return claims_of(nested_from_json(text)) if text is not None and _mentions_claims(text) else {}


def _mentions_claims(text: bytes | str) -> bool:
    return CLAIMS in text if isinstance(text, str) else CLAIMS.encode() in text


def _same(one: bytes | str | None, other: bytes | str) -> bool:
    if one is None or type(one) is type(other):
        return one == other
    return (one.encode() if isinstance(one, str) else one) == (other.encode() if isinstance(other, str) else other)


def merged(before: Row, ours: Row, theirs: Row) -> Row:
    """`theirs` with the changes from `before` to `ours`. Where both changed the same, ours stays; costs are added up."""
    result = dict(theirs)
    for key, value in ours.items():
        old, other = before.get(key), theirs.get(key)
        if value == old and key in before:
            continue
        if isinstance(value, dict) and isinstance(other, dict):
            change = _added if key == "session_metrics" else merged
            result[key] = change(old if isinstance(old, dict) else {}, value, other)
        else:
            result[key] = value
    for key in before:
        if key not in ours:
            result.pop(key, None)
    return result


def _added(before: Row, ours: Row, theirs: Row) -> Row:
    result = {**theirs, **ours}
    for key, value in ours.items():
        if isinstance(value, (int, float)) and isinstance(theirs.get(key), (int, float)):
            result[key] = theirs[key] + value - (before.get(key) or 0)
    return result


__all__ = [
    "Known",
    "check_owner",
    "claims_in",
    "dict_of",
    "has_progress",
    "header_row",
    "hold",
    "kind_of",
    "known",
    "merged",
    "newest_runs",
    "old_runs",
    "owner_of_progress",
    "progress_id",
    "progress_row",
    "remember",
    "run_row",
    "session_of",
    "settled",
    "with_old_runs",
    "with_progress",
    "without_progress",
]
