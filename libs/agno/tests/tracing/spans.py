"""Looking at the spans of OpenTelemetry."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agno.tracing import setup_tracing


class Spans:
    """What was exported."""

    def __init__(self, **settings: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = setup_tracing(exporter=self.exporter, batch=False, **settings)

    @property
    def all(self) -> list[Any]:
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time)

    def named(self, name: str) -> Any:
        found = [span for span in self.all if span.name == name]
        assert len(found) == 1, f"{len(found)} spans named {name!r} among {[span.name for span in self.all]}"
        return found[0]

    @property
    def tree(self) -> list[str]:
        """One line for each span, indented under its parent; spans side by side in the order of their names."""
        spans = self.all
        known = {span.context.span_id for span in spans}

        def below(parent: Any) -> list[str]:
            here = [one for one in spans if (one.parent.span_id if one.parent else None) == parent]
            lines: list[str] = []
            for one in sorted(here, key=lambda span: span.start_time):
                lines += [one.name, *(f"  {line}" for line in below(one.context.span_id))]
            return lines

        assert all(span.parent is None or span.parent.span_id in known for span in spans)
        return below(None)
