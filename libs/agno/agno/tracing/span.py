"""A span: something that took time in a run, and what it was."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

RUN_KINDS = frozenset({"invoke_agent", "invoke_workflow"})


class Link(NamedTuple):
    """Another span that this one goes on from, such as the run before it was paused."""

    trace_id: str
    span_id: str


class Facts(NamedTuple):
    """The run that a span is in; log lines carry these."""

    run_id: str
    session_id: str | None
    user_id: str | None


@dataclass(eq=False)
class Span:
    """Times are nanoseconds: `started` since 1970, `duration` from there to its end, None while it goes on.

    `kind` is the operation's name in OpenTelemetry's conventions for generative AI: `invoke_agent`, `invoke_workflow`,
    `chat`, `execute_tool`, `retrieval`, or `step`. `status` is `error` or `ok`. A cancelled or paused one is no error.
    """

    kind: str
    name: str
    trace_id: str
    span_id: str
    parent: Span | None = None
    facts: Facts | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    started: int = field(default_factory=time.time_ns)
    duration: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    subject: Any = None  # the engine's object, while the span goes on
    finished: list[Span] = field(default_factory=list)  # of the first span of a trace: all that ended, in that order
    apart: bool = False  # begun by another span, which it may outlive: a trace of its own, linked to that one
    _clock: int = field(default_factory=time.perf_counter_ns)
    kept: dict[str, Any] = field(default_factory=dict)  # what listeners keep with it

    def __post_init__(self) -> None:
        if self.parent is not None:  # all of a trace go by one clock, so that none lies outside of the one it is in
            root = self.root
            self.started = root.started + self._clock - root._clock

    @property
    def status(self) -> str:
        return "ok" if self.error_type is None else "error"

    @property
    def root(self) -> Span:
        """The first span of the trace."""
        span = self
        while span.parent is not None:
            span = span.parent
        return span

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far, in seconds."""
        return (self.duration if self.duration is not None else time.perf_counter_ns() - self._clock) / 1e9

    def end(self) -> None:
        """End the span now."""
        self.duration = time.perf_counter_ns() - self._clock
        self.subject = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data. Times are microseconds: JavaScript can hold them."""
        data: dict[str, Any] = {
            "span_id": self.span_id,
            "parent_id": self.parent.span_id if self.parent is not None else None,
            "kind": self.kind,
            "name": self.name,
            "started_us": self.started // 1000,
            "duration_us": None if self.duration is None else self.duration // 1000,
            "status": self.status,
            "attributes": self.attributes,
        }
        if self.error_type is not None:
            data["error_type"], data["error_message"] = self.error_type, self.error_message
        if self.links:
            data["links"] = [link._asdict() for link in self.links]
        return data


def new_trace_id() -> str:
    """32 random hexadecimal digits."""
    return os.urandom(16).hex()


def new_span_id() -> str:
    """16 random hexadecimal digits."""
    return os.urandom(8).hex()


def tree_of(spans: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Spans as a tree: each with its `children`, in the order in which they began. Roots are those without a parent here."""
    nodes = {span["span_id"]: {**span, "children": []} for span in sorted(spans, key=lambda one: one["started_us"])}
    roots: list[dict[str, Any]] = []
    for node in nodes.values():
        parent = nodes.get(node.get("parent_id") or "")
        (parent["children"] if parent is not None else roots).append(node)
    return roots


__all__ = ["RUN_KINDS", "Facts", "Link", "Span", "new_span_id", "new_trace_id", "tree_of"]
