"""See what runs do: traces for OpenTelemetry and in the database, numbers for Prometheus, log lines with run ids, costs."""

from agno.tracing._watch import Listener, current_span
from agno.tracing.logs import JsonFormatter, RunFilter
from agno.tracing.setup import (
    Tracing,
    count_costs,
    setup_logging,
    setup_prometheus,
    setup_tracing,
    stop_logging,
    stop_prometheus,
    stop_tracing,
    tracing,
)
from agno.tracing.span import Span, tree_of

__all__ = [
    "JsonFormatter",
    "Listener",
    "RunFilter",
    "Span",
    "Tracing",
    "count_costs",
    "current_span",
    "setup_logging",
    "setup_prometheus",
    "setup_tracing",
    "stop_logging",
    "stop_prometheus",
    "stop_tracing",
    "tracing",
    "tree_of",
]
