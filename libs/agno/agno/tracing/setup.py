"""Switching it on and off. Until one of these is called nothing watches, and nothing of OpenTelemetry is imported."""

from __future__ import annotations

import logging
from typing import Any

from agno.run.watching import watch
from agno.tracing._watch import Listener, Watch
from agno.tracing.logs import OURS, Handlers, handler_for
from agno.tracing.store import KEEP_DAYS, KEEP_TRACES, StoredTraces
from agno.utils.later import later

_otel, _prometheus = later("agno.tracing.otel"), later("agno.tracing.prometheus")
_watch = Watch()
_tracing: Tracing | None = None
_counting: Any = None
_handlers: Handlers | None = None
_costs = False


class Tracing:
    """Tracing as it was set up. `flush` sends what waits to be sent; `shutdown` ends it."""

    def __init__(self, listeners: list[Listener], provider: Any, owned: bool, content: bool, costs: bool) -> None:
        self.listeners, self.provider = tuple(listeners), provider
        self.content, self.costs = content, costs
        self._owned = owned

    @property
    def db(self) -> Any:
        """The database that traces are stored in; None if they are not."""
        return next((one.db for one in self.listeners if isinstance(one, StoredTraces)), None)

    def flush(self, seconds: float = 10) -> bool:
        """Send what waits to be sent. False if it took too long."""
        flush = getattr(self.provider, "force_flush", None)  # where OpenTelemetry is not set up, nothing waits
        return flush is None or bool(flush(int(seconds * 1000)))

    def shutdown(self) -> None:
        """End tracing, if it is still this one, and close the exporter that was given; a `tracer_provider` stays open."""
        global _tracing
        if _tracing is self:
            _tracing = None
            _apply()
        if self._owned and self.provider is not None:
            self.provider.shutdown()
            self.provider, self._owned = None, False


def setup_tracing(
    db: Any = None,
    exporter: Any = None,
    *,
    tracer_provider: Any = None,
    service_name: str = "agno",
    capture_content: bool = False,
    costs: bool = True,
    batch: bool = True,
    keep_days: float | None = KEEP_DAYS,
    keep_traces: int | None = KEEP_TRACES,
) -> Tracing:
    """Make spans of all runs in this process: of runs, steps, requests to models, tool calls and retrievals.

    They go to a `db` (of `agno.db`; no other package needed), to an `exporter` of OpenTelemetry ("otlp", "console", or an
    object) and to a `tracer_provider` that you have set up yourself. A second call takes the place of the first.

    `capture_content` records what people, models and tools say; else there are names, counts, times and classes of errors.
    `costs` puts prices to tokens (`agno.models.prices`). `keep_days` and `keep_traces` say how much the database keeps;
    None for all. `batch=False` sends each span as it ends.
    """
    global _tracing
    if db is None and exporter is None and tracer_provider is None:
        raise ValueError("setup_tracing() has nowhere to put spans: give db=, exporter= or tracer_provider=.")
    if exporter is not None and tracer_provider is not None:
        raise ValueError("setup_tracing() got exporter= and tracer_provider=; add the exporter to your provider.")
    stored = [StoredTraces(db, keep_days, keep_traces)] if db is not None else []
    provider = tracer_provider if exporter is None else _otel.provider_for(exporter, service_name, batch)
    # first, because it says which ids spans have
    exported = [_otel.OpenTelemetryListener(provider)] if provider is not None else []
    listeners: list[Listener] = [*exported, *stored]
    before, made = _tracing, Tracing(listeners, provider, exporter is not None, capture_content, costs)
    _tracing = made
    _apply()
    if before is not None:
        before.shutdown()
    return made


def tracing() -> Tracing | None:
    """The tracing that `setup_tracing` started; None if there is none."""
    return _tracing


def stop_tracing() -> None:
    """End tracing."""
    if _tracing is not None:
        _tracing.shutdown()


def count_costs(wanted: bool = True) -> None:
    """Compute `Metrics.cost` from tokens and prices, without tracing."""
    global _costs
    _costs = wanted
    _apply()


def setup_prometheus(registry: Any = None, *, prefix: str = "agno") -> Any:
    """Count runs, requests, tokens and tool calls of this process for Prometheus; gives what `text()` can be asked of.

    `registry` is one of `prometheus_client`, or a new one. A second call without it gives what the first one made.
    """
    global _counting
    if _counting is None or (registry is not None and registry is not _counting.registry):
        before, _counting = _counting, _prometheus.PrometheusListener(registry, prefix)
        _apply()
        if before is not None:
            before.close()
    return _counting


def counting() -> Any:
    """The listener that `setup_prometheus` started; None if there is none."""
    return _counting


def stop_prometheus() -> None:
    """Stop counting for Prometheus, and take the series out of the registry."""
    global _counting
    before, _counting = _counting, None
    _apply()
    if before is not None:
        before.close()


def setup_logging(
    *, json: bool = True, level: int | str | None = None, stream: Any = None, loggers: tuple[str, ...] = OURS
) -> logging.Handler:
    """Let log lines say which run they are from: as JSON, one object per line, or with `json=False` behind the text.

    It takes the place of the handlers of `loggers`, those of Agno if you name no others (`""` is the root). `stream` is
    where lines go, standard error if not given. What looks like a secret is not written.
    """
    global _handlers
    if isinstance(loggers, str):
        raise ValueError(f"setup_logging(loggers={loggers!r}) takes several names, as in ({loggers!r},).")
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if number is not None and not isinstance(number, int):
        raise ValueError(f"setup_logging(level={level!r}): give DEBUG, INFO, WARNING, ERROR or a number.")
    if _handlers is not None:
        _handlers.restore()
    handler = handler_for(json, stream)
    _handlers = Handlers(handler, loggers, number)
    _apply()
    return handler


def stop_logging() -> None:
    """Give the loggers back the handlers that they had."""
    global _handlers
    if _handlers is not None:
        _handlers.restore()
        _handlers = None
        _apply()


def _apply() -> None:
    """Watch if anything of it is wanted, else let nothing watch."""
    listeners = [*(_tracing.listeners if _tracing is not None else ()), *([_counting] if _counting is not None else ())]
    _watch.listeners = tuple(listeners)
    _watch.content = _tracing is not None and _tracing.content
    _watch.costs = _costs or (_tracing is not None and _tracing.costs)
    watch(_watch if listeners or _watch.costs or _handlers is not None else None)


__all__ = [
    "Tracing",
    "count_costs",
    "counting",
    "setup_logging",
    "setup_prometheus",
    "setup_tracing",
    "stop_logging",
    "stop_prometheus",
    "stop_tracing",
    "tracing",
]
