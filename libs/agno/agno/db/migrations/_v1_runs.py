"""Runs as Agno 1 stored them, made into runs of today. Everything here is about dicts; nothing is read or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agno.db._codec import nested_from_json
from agno.db.tables import Row
from agno.utils.ids import new_id

_MEDIA = ("images", "videos", "audio", "files")
_ONE_MEDIA = ("response_audio", "audio_output", "image_output", "video_output")
_DROPPED = (
    "formatted_tool_calls",
    "team_session_id",
    "event",
    "thinking",
    "extra_data",
    "member_responses",
    "response",
)
_RENAMED_METRICS: dict[str, str] = {
    "time": "duration",
    "audio_tokens": "audio_total_tokens",
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
    "cached_tokens": "cache_read_tokens",
}
_DETAILS = ("prompt_tokens_details", "completion_tokens_details")
_DROPPED_METRICS = frozenset({"prompt_tokens", "completion_tokens", "timer", *_DETAILS})


def runs_of(session_id: str, stored: Any) -> list[Row]:
    """The runs of a session, oldest first; a member's run comes before the run of its team, and names it."""
    found: dict[str, Row] = {}
    for run in nested_from_json(stored) or ():
        if isinstance(run, Mapping):
            for one in _with_members(session_id, _unwrapped(run), None):
                found[one["run_id"]] = one
    return list(found.values())


def metrics_of(metrics: Any) -> Any:
    """Metrics with the names of today; lists, which had a number for each message, are added up."""
    if not isinstance(metrics, Mapping):
        return metrics
    found: Row = {}
    for name, value in metrics.items():
        if name not in _DROPPED_METRICS:
            found.setdefault(_RENAMED_METRICS.get(name, str(name)), _added_up(value))
    details = {name: _added_up(metrics[name]) for name in _DETAILS if metrics.get(name)}
    if any(details.values()):
        found["provider_metrics"] = {**(found.get("provider_metrics") or {}), **details}
    return {name: value for name, value in found.items() if value is not None}


def _added_up(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    numbers = [item for item in value if isinstance(item, (int, float))]
    if numbers or not value:
        return sum(numbers)
    return next((item for item in value if item), None)


def _unwrapped(run: Mapping[str, Any]) -> Row:
    """The oldest kind of memory held pairs of a message and a response, and workflows those of an input and a response."""
    inner = run.get("response")
    if not isinstance(inner, Mapping) or run.get("run_id") is not None:
        return dict(run)
    given = run.get("input") if run.get("input") is not None else run.get("message")
    return {**({} if given is None else {"input": given}), "messages": run.get("messages"), **inner}


def _with_members(session_id: str, run: Row, parent: str | None) -> Iterator[Row]:
    run_id = run.get("run_id") or new_id()
    for member in run.get("member_responses") or ():
        if isinstance(member, Mapping):
            yield from _with_members(session_id, dict(member), run_id)
    made = _converted(run, session_id)
    made["run_id"] = run_id
    if parent is not None:
        made["parent_run_id"] = parent
    yield {name: value for name, value in made.items() if value is not None}


def _converted(run: Row, session_id: str) -> Row:
    made = {name: value for name, value in run.items() if name not in _DROPPED}
    made["session_id"] = session_id
    made["reasoning_content"] = _reasoning(run)
    made.update(_of_extra_data(run.get("extra_data")))
    made["status"] = _status(run.get("status"))
    made["metrics"] = metrics_of(run.get("metrics"))
    made["messages"] = _messages(run.get("messages"))
    made["tools"] = [_tool(tool) for tool in run.get("tools") or ()] or None
    _convert_media(made)
    if "step_responses" in run or "workflow_id" in run:
        _convert_workflow(made, session_id)
    elif made.get("input") is None:
        made["input"] = _input_of(made["messages"])
    elif not isinstance(made["input"], Mapping) or "input_content" not in made["input"]:
        made["input"] = {"input_content": _content(made["input"])}
    return made


def _reasoning(run: Row) -> str | None:
    parts = [str(part) for part in (run.get("thinking"), run.get("reasoning_content")) if part]
    return "\n".join(parts) or None


def _of_extra_data(extra: Any) -> Row:
    if not isinstance(extra, Mapping):
        return {}
    found = {name: extra.get(name) for name in ("references", "reasoning_steps")}
    found["reasoning_messages"] = _messages(extra.get("reasoning_messages"))
    found["additional_input"] = _messages(extra.get("add_messages"))
    return {name: value for name, value in found.items() if value}


def _status(status: Any) -> str:
    """Agno 1 stored a run at its end, and called it running all the same."""
    name = str(status or "COMPLETED").upper()
    return "COMPLETED" if name in ("RUNNING", "PENDING") else name


def _messages(messages: Any) -> list[Row] | None:
    found = [_message(message) for message in messages or () if isinstance(message, Mapping)]
    return found or None


def _message(message: Mapping[str, Any]) -> Row:
    made = dict(message)
    if "metrics" in made:
        made["metrics"] = metrics_of(made["metrics"])
    if made.get("thinking"):
        made["reasoning_content"] = _reasoning(made)
    made.pop("thinking", None)
    _convert_media(made)
    return made


def _tool(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return tool
    made = dict(tool)
    if isinstance(made.get("metrics"), Mapping):
        time = made["metrics"].get("time", made["metrics"].get("duration"))
        made["metrics"] = {} if time is None else {"duration": time}
    return made


def _input_of(messages: list[Row] | None) -> Row | None:
    """What the user said, of a run that did not keep it elsewhere."""
    said = [m for m in messages or () if m.get("role") == "user" and not m.get("from_history")]
    return {"input_content": said[-1].get("content")} if said else None


def _content(given: Any) -> Any:
    return given["content"] if isinstance(given, Mapping) and "role" in given else given


# Media -------------------------------------------------------------------------------------------------------------------


def _convert_media(holder: Row) -> None:
    for name in _MEDIA:
        if isinstance(holder.get(name), list):
            holder[name] = [_medium(item) for item in holder[name]]
    for name in _ONE_MEDIA:
        if holder.get(name) is not None:
            holder[name] = _medium(holder[name])


def _medium(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    made = {name: value for name, value in item.items() if name not in ("length", "base64_audio")}
    if made.get("duration") is None and (duration := _seconds(item.get("length"))) is not None:
        made["duration"] = duration
    if made.get("content") is None and item.get("base64_audio") is not None:
        made["content"] = item["base64_audio"]
    made["id"] = item.get("id") or new_id()
    if made.get("mime_type") is None and item.get("format"):
        made["mime_type"] = _mime_type(str(item["format"]), item)
    return made


def _seconds(length: Any) -> float | None:
    try:
        return float(length)
    except (TypeError, ValueError):
        return None  # there were texts such as "unknown"


def _mime_type(form: str, item: Mapping[str, Any]) -> str:
    if "/" in form:
        return form
    kind = "audio" if {"base64_audio", "transcript", "sample_rate", "length"} & item.keys() else "image"
    known = {
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "mp4": "video/mp4",
        "webm": "video/webm",
        "pdf": "application/pdf",
    }
    return known.get(form.lower(), f"{kind}/{form.lower()}")


# Workflows ---------------------------------------------------------------------------------------------------------------


def _convert_workflow(made: Row, session_id: str) -> None:
    """Steps kept the whole run of their agent or team; it is beside them now."""
    runs: list[Row] = []
    steps = made.pop("step_responses", None)
    if steps is not None:
        made["step_results"] = [_step(step, made, runs) for step in steps]
    metrics = made.pop("workflow_metrics", None)
    if isinstance(metrics, Mapping):
        made["metrics"] = {
            "steps": {name: _step_metrics(value) for name, value in (metrics.get("steps") or {}).items()}
        }
    if runs:
        of_steps = (_with_members(session_id, run, made.get("run_id")) for run in runs)
        made["step_executor_runs"] = [one for run in of_steps for one in run]


def _step(step: Any, run: Row, runs: list[Row]) -> Any:
    if isinstance(step, list):
        return [_step(one, run, runs) for one in step]
    if not isinstance(step, Mapping):
        return step
    made = {name: value for name, value in step.items() if name not in ("response", "parallel_step_outputs")}
    response = step.get("response")
    if isinstance(response, Mapping):
        runs.append(dict(response))
        made["step_run_id"] = response.get("run_id")
    metrics = step.get("metrics")
    if isinstance(metrics, Mapping):  # with the names of the step and of who did it
        made.update(
            {name: metrics[name] for name in ("step_name", "executor_type", "executor_name") if name in metrics}
        )
        made["metrics"] = metrics_of(metrics.get("metrics", metrics))
    inner = step.get("parallel_step_outputs") or step.get("steps")
    if inner:
        made["steps"] = [_step(one, run, runs) for one in (inner.values() if isinstance(inner, Mapping) else inner)]
    _convert_media(made)
    return made


def _step_metrics(value: Any) -> Any:
    return {**value, "metrics": metrics_of(value.get("metrics"))} if isinstance(value, Mapping) else value


__all__ = ["metrics_of", "runs_of"]
