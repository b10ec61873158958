"""Log lines that say which run they are from, for people or as JSON, one object per line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from agno.tracing._watch import current_span
from agno.utils.secrets import without_secrets

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
            "message": without_secrets(record.getMessage()),
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        line |= {name: _clean(value) for name, value in record.__dict__.items() if name not in _KNOWN}
        if record.exc_info:
            line["error"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=lambda value: without_secrets(str(value)))


class PlainFormatter(logging.Formatter):
    """The usual line, with the run's id behind it, and no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        text = without_secrets(super().format(record))
        run_id = getattr(record, "run_id", None)
        return f"{text} [run_id={run_id}]" if run_id is not None and run_id not in text else text


def _clean(value: Any) -> Any:
    return without_secrets(value) if isinstance(value, str) else value


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
