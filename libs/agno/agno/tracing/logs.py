"""Log lines that say which run they are from, for people or as JSON, one object per line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from math import isfinite
from typing import Any

from agno.tracing._watch import current_span
from agno.utils.secrets import without_secrets
from agno.utils.string import whole

OURS = ("agno", "agno-team", "agno-workflow")
_FIELDS = ("run_id", "session_id", "user_id", "trace_id", "span_id")
_PLAIN = "%(levelname)s %(name)s: %(message)s"
_KNOWN = frozenset((*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", *_FIELDS))


class RunFilter(logging.Filter):
    """Puts `run_id`, `session_id`, `user_id`, `trace_id` and `span_id` of where a line is written on its record; None
    outside of runs. For handlers of your own: `handler.addFilter(RunFilter())`. It keeps every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        span = current_span()
        facts = span.facts if span is not None else None
        for name in _FIELDS[:3]:
            if not hasattr(record, name):
                setattr(record, name, getattr(facts, name, None))
        if not hasattr(record, "trace_id"):
            record.trace_id = span.root.trace_id if span is not None else None
            record.span_id = span.span_id if span is not None else None
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `time` (ISO 8601, UTC), `level`, `logger`, `message`, the ids, what was given as `extra=`,
    and `error` with a traceback. What looks like a secret is `***`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _clean(record.getMessage()),
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        line |= _clean({name: value for name, value in record.__dict__.items() if name not in _KNOWN})
        if record.exc_info:
            line["error"] = _clean(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = _clean(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=False)


class PlainFormatter(logging.Formatter):
    """The usual line, with the run's id behind it, and no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        text = _clean(super().format(record))
        run_id = getattr(record, "run_id", None)
        return f"{text} [run_id={run_id}]" if run_id is not None and run_id not in text else text


def _clean(value: Any) -> Any:
    """What JSON and UTF-8 can hold of a value, without secrets."""
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean_under(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item) for item in value]
    return without_secrets(whole(value if isinstance(value, str) else str(value)))


def _clean_under(key: str, value: Any) -> Any:
    """The same, where also the word before it may say that it is a secret, as in `{"password": ...}`."""
    if not isinstance(value, str):
        return _clean(value)
    before = f"{key}="
    both: str = _clean(before + value)
    return both[len(before) :] if both.startswith(before) else _clean(value)


def handler_for(json_lines: bool, stream: Any = None) -> logging.Handler:
    """A handler whose lines say which run they are from."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if json_lines else PlainFormatter(_PLAIN))
    handler.addFilter(RunFilter())
    return handler


class Handlers:
    """The handlers of some loggers, with ours in their place until `restore`."""

    def __init__(self, handler: logging.Handler, names: Sequence[str], level: int | None) -> None:
        self._before: list[tuple[logging.Logger, list[logging.Handler], int]] = []
        for name in names:
            target = logging.getLogger(name)
            self._before.append((target, target.handlers[:], target.level))
            target.handlers[:] = [handler]
            if level is not None:
                target.setLevel(level)

    def restore(self) -> None:
        """Give the loggers what they had."""
        for target, handlers, level in self._before:
            target.handlers[:] = handlers
            target.setLevel(level)
        self._before = []


__all__ = ["OURS", "Handlers", "JsonFormatter", "PlainFormatter", "RunFilter", "handler_for"]
