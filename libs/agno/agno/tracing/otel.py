"""Spans for OpenTelemetry. Its packages are imported when `setup_tracing` asks for it, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agno.tracing._watch import Listener
from agno.tracing.span import Link, Span
from agno.utils.string import whole

_CLIENTS = frozenset({"chat"})
_KEY = "otel"


class OpenTelemetryListener(Listener):
    """Each span is one of OpenTelemetry, and its context is the current one while it goes on: what an instrumented client
    or your own code records meanwhile lies inside of it, and a run lies inside of the span that it was called in."""

    def __init__(self, provider: Any) -> None:
        try:
            from opentelemetry import context, trace
        except ImportError as error:
            raise _missing(error) from error
        if not hasattr(provider, "get_tracer"):
            raise ValueError(f"setup_tracing(tracer_provider={provider!r}): give a TracerProvider of OpenTelemetry.")
        self._context, self._trace = context, trace
        self.provider = provider
        self._tracer = provider.get_tracer("agno")

    def started(self, span: Span) -> None:
        trace = self._trace
        known = self._parent_context(span)
        made = self._tracer.start_span(
            whole(span.name),
            context=known,
            kind=trace.SpanKind.CLIENT if span.kind in _CLIENTS else trace.SpanKind.INTERNAL,
            attributes=_plain(span.attributes),
            links=[self._link(link) for link in span.links],
            start_time=span.started,
        )
        here = made.get_span_context()
        if here.is_valid:  # the ids of both are the same
            span.span_id = trace.format_span_id(here.span_id)
            if span.parent is None:
                span.trace_id = trace.format_trace_id(here.trace_id)
        token = self._context.attach(trace.set_span_in_context(made, known))
        span.kept[_KEY] = (made, token)

    def _parent_context(self, span: Span) -> Any:
        """Where we are; in a thread that does not know it, where the parent is."""
        here = self._context.get_current()
        if span.apart:
            return self._trace.set_span_in_context(self._trace.INVALID_SPAN, here)
        parent = span.parent.kept.get(_KEY) if span.parent is not None else None
        if parent is None or self._trace.get_current_span(here).get_span_context().is_valid:
            return here
        return self._trace.set_span_in_context(parent[0], here)

    def _link(self, link: Link) -> Any:
        trace = self._trace
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        return trace.Link(trace.SpanContext(int(link.trace_id, 16), int(link.span_id, 16), True, flags))

    def ended(self, span: Span) -> None:
        if _KEY not in span.kept:
            return  # it began before this listener came
        made, token = span.kept.pop(_KEY)
        try:
            made.set_attributes(_plain(span.attributes))
            if span.error_type is not None:
                made.set_attribute("error.type", span.error_type)
                made.set_status(self._trace.StatusCode.ERROR, span.error_message or span.error_type)
            assert span.duration is not None
            made.end(span.started + span.duration)
        finally:
            self._context.detach(token)


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that are there, as UTF-8 can hold them: one that it cannot would cost the whole batch."""
    return {
        name: whole(value) if isinstance(value, str) else value
        for name, value in attributes.items()
        if value is not None
    }


def provider_for(exporter: Any, service_name: str, batch: bool) -> Any:
    """A tracer provider of our own that sends to an exporter: an object, "otlp" or "console"."""
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    except ImportError as error:
        raise _missing(error) from error
    made = _exporter(exporter)
    provider = TracerProvider(resource=Resource.create({"service.name": service_name}))
    provider.add_span_processor(BatchSpanProcessor(made) if batch else SimpleSpanProcessor(made))
    return provider


def _exporter(exporter: Any) -> Any:
    if not isinstance(exporter, str) and hasattr(exporter, "export"):
        return exporter
    if exporter == "otlp":
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        except ImportError as error:
            raise _missing(error) from error
        return OTLPSpanExporter()
    if exporter == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    raise ValueError(
        f'setup_tracing(exporter={exporter!r}): give "otlp" (its address is in OTEL_EXPORTER_OTLP_ENDPOINT), "console", or '
        "a SpanExporter of OpenTelemetry."
    )


def _missing(error: ImportError) -> ImportError:
    return ImportError(
        f'Tracing to OpenTelemetry needs its packages ({error}): pip install "agno[opentelemetry]". Traces in a database '
        "need none: setup_tracing(db=...)."
    )


__all__ = ["OpenTelemetryListener", "provider_for"]
