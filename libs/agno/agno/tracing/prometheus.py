"""Numbers for Prometheus: counters and histograms over runs, requests to models and tool calls.

Labels are names of components, models and tools, never of users, sessions or runs; names beyond a number become `other`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.tracing._watch import Listener
from agno.tracing.span import RUN_KINDS, Span

MOST_NAMES = 200  # different values of a label
OTHER = "other"
_KEY = "prometheus"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_FIRST = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32)


class PrometheusListener(Listener):
    """Counts into a registry of `prometheus_client`; `text(accept)` is what a scraper gets."""

    def __init__(self, registry: Any = None, prefix: str = "agno", most_names: int = MOST_NAMES) -> None:
        try:
            import prometheus_client
        except ImportError as error:
            raise ImportError('Numbers for Prometheus need its client: pip install "agno[prometheus]"') from error
        if registry is not None and not hasattr(registry, "register"):
            raise ValueError(
                f"setup_prometheus(registry={registry!r}): give a CollectorRegistry, or None for a new one."
            )
        self._client = prometheus_client
        self.registry = registry if registry is not None else prometheus_client.CollectorRegistry()
        self._prefix, self._most_names = prefix, most_names
        self._names: dict[str, set[str]] = {}
        self._series: list[Any] = []
        self._make()

    def _make(self) -> None:
        run, model, tool = ("component", "type"), ("model", "provider"), ("tool",)
        self._runs = self._counter("runs", "Runs that ended, or paused.", (*run, "status"))
        self._run_seconds = self._histogram("run_duration_seconds", "From a run's start to its end.", run, _SECONDS)
        self._first_token = self._histogram("time_to_first_token_seconds", "Of requests to models.", model, _FIRST)
        self._active = self._gauge("active_runs", "Runs that go on.", ("type",))
        self._streams = self._gauge("active_streams", "Runs that go on and are streamed.", ("type",))
        self._requests = self._counter("model_requests", "Requests to models.", (*model, "outcome"))
        self._request_seconds = self._histogram("model_request_duration_seconds", "Of requests.", model, _SECONDS)
        self._tokens = self._counter("tokens", "Tokens that models took and gave.", (*model, "direction"))
        self._cost = self._counter("cost_usd", "What requests cost, where the price is known.", model)
        self._tools = self._counter("tool_calls", "Tool calls.", (*tool, "outcome"))
        self._tool_seconds = self._histogram("tool_duration_seconds", "Of tool calls.", tool, _SECONDS)

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Any:
        return self._one(self._client.Counter, name, text, labels)

    def _gauge(self, name: str, text: str, labels: Sequence[str]) -> Any:
        return self._one(self._client.Gauge, name, text, labels)

    def _histogram(self, name: str, text: str, labels: Sequence[str], buckets: Sequence[float]) -> Any:
        return self._one(self._client.Histogram, name, text, labels, buckets=tuple(buckets))

    def _one(self, kind: Any, name: str, text: str, labels: Sequence[str], **settings: Any) -> Any:
        made = kind(f"{self._prefix}_{name}", text, labels, registry=self.registry, **settings)
        self._series.append(made)
        return made

    def close(self) -> None:
        """Take the series out of the registry, so that another listener can have it."""
        while self._series:
            self.registry.unregister(self._series.pop())

    def _known(self, label: str, name: Any) -> str:
        """The name, if it is one of the first ones of its label: a series is kept for each."""
        text = str(name) if name else "unknown"
        names = self._names.setdefault(label, set())
        if text in names:
            return text
        if len(names) >= self._most_names:
            return OTHER
        names.add(text)
        return text

    # Spans -----------------------------------------------------------------------------------------------------------

    def started(self, span: Span) -> None:
        if span.kind in RUN_KINDS:
            span.kept[_KEY] = self
            self._move(span, 1)

    def _move(self, span: Span, by: int) -> None:
        kind = span.attributes["agno.component.type"]
        self._active.labels(kind).inc(by)
        if span.attributes["agno.run.streaming"]:
            self._streams.labels(kind).inc(by)

    def ended(self, span: Span) -> None:
        if span.kind in RUN_KINDS:
            self._run_ended(span)
        elif span.kind == "chat":
            self._request_ended(span)
        elif span.kind == "execute_tool":
            tool = self._known("tool", span.attributes["gen_ai.tool.name"])
            self._tools.labels(tool, _outcome(span)).inc()
            self._tool_seconds.labels(tool).observe(span.seconds)

    def _run_ended(self, span: Span) -> None:
        if span.kept.pop(_KEY, None) is self:  # else it began before this listener came
            self._move(span, -1)
        about = span.attributes
        kind = about["agno.component.type"]
        component = self._known("component", about["agno.component.id"])
        self._runs.labels(component, kind, about.get("agno.run.status", "error")).inc()
        self._run_seconds.labels(component, kind).observe(span.seconds)

    def _request_ended(self, span: Span) -> None:
        about = span.attributes
        model = self._known("model", about["gen_ai.request.model"]), about["gen_ai.provider.name"]
        self._requests.labels(*model, _outcome(span)).inc()
        self._request_seconds.labels(*model).observe(span.seconds)
        first = about.get("gen_ai.response.time_to_first_chunk")
        if first is not None and about["gen_ai.request.stream"]:
            self._first_token.labels(*model).observe(first)
        for direction in ("input", "output"):
            if count := about.get(f"gen_ai.usage.{direction}_tokens"):
                self._tokens.labels(*model, direction).inc(count)
        if cost := about.get("agno.cost"):
            self._cost.labels(*model).inc(cost)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """All numbers in the format that the `Accept` header asks for, and its content type."""
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


def _outcome(span: Span) -> str:
    if span.error_type is not None:
        return "error"
    if span.attributes.get("agno.paused"):
        return "paused"
    return "cancelled" if span.attributes.get("agno.cancelled") else "ok"


def asks_for_prometheus(accept: str) -> bool:
    """True for the `Accept` header of a scraper: it names text or OpenMetrics, and no JSON before them."""
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in ("application/openmetrics-text", "text/plain", "application/vnd.google.protobuf"):
            return True
        if kind == "application/json":
            return False
    return False


__all__ = ["MOST_NAMES", "OTHER", "PrometheusListener", "asks_for_prometheus"]
