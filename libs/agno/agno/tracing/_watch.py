"""Spans of what the engine does. Which one is the parent of the next is kept in a context variable, so that it is also
known in tasks and threads, and in runs that a tool begins."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, TypeVar

from agno.exceptions import AgnoError, RunCancelledException
from agno.models.prices import cost_of
from agno.run.base import RunStatus
from agno.run.watching import Work
from agno.tracing import _describe as describe
from agno.tracing.span import Facts, Link, Span, new_span_id, new_trace_id
from agno.utils.log import log_exception
from agno.utils.secrets import without_secrets

T = TypeVar("T")
_current: ContextVar[Span | None] = ContextVar("agno_span", default=None)
_MOST_UNFINISHED = 10_000
_LONGEST_MESSAGE = 500


def current_span() -> Span | None:
    """The span that the code which asks runs in; None outside of runs and where nobody traces."""
    return _current.get()


class Listener:
    """Hears of spans. What it raises is logged."""

    def started(self, span: Span) -> None:
        """A span began; `span.subject` is the engine's object."""

    def ended(self, span: Span) -> None:
        """A span ended, with all its attributes."""

    async def trace_ended(self, io: Any, root: Span) -> None:
        """A run that is no part of another ended, or paused; `root.finished` has all spans."""

    async def link_to(self, io: Any, run_id: str, user_id: str | None) -> Link | None:
        """The last span of a run that goes on now, if this listener knows it."""
        return None


class Watch:
    """Makes the spans, and tells the listeners. It is the `Watcher` of `agno.run.watching`."""

    def __init__(self) -> None:
        self.listeners: tuple[Listener, ...] = ()
        self.content = False
        self.costs = False
        self._open: dict[str, Span] = {}  # runs that go on
        self._unfinished: OrderedDict[str, Link] = OrderedDict()  # runs that may go on later

    # What the engine calls -------------------------------------------------------------------------------------------

    async def run(self, run: Any, work: Work) -> None:
        run_id = run.output.run_id
        kind, name, attributes = self._said(describe.run_begins, run)
        facts = Facts(run_id, run.context.session_id, run.context.user_id)
        span = self._new(kind, name, attributes, self._parent_of(run), facts, run)
        begun_in = _current.get()
        if span.parent is None and begun_in is not None:
            span.apart = True
            span.links.append(Link(begun_in.root.trace_id, begun_in.span_id))
        if run.continued:
            await self._link(run, span)
        left = False
        self._open[run_id] = span
        try:
            await self._within(span, work, lambda _: self._run_ended(span, run))
        except GeneratorExit:
            left = run.io.is_async  # then nothing can be awaited any more
            raise
        finally:
            self._open.pop(run_id, None)
            if span.parent is None and not left:
                await self._trace_ended(run.io, span)

    def step(self, node: Any, place: Any, work: Work) -> Work:
        span = self._new("step", f"step {node.label}", describe.step_begins(node, place), _live_parent(), None, node)

        def ended(output: Any) -> None:
            span.attributes |= describe.step_ended(output)
            if output is not None and not output.success and span.error_type is None:
                span.error_type = "step_failed"
                span.error_message = describe.shortened(output.error or "") if self.content else None

        return self._within(span, work, ended)

    def request(self, exchange: Any, model: Any, assistant: Any, work: Work) -> Work:
        attributes = self._said(describe.request_begins, exchange, model)
        span = self._new("chat", f"chat {model.id}", attributes, _live_parent(), None, exchange)

        def ended(_: Any) -> None:
            metrics = assistant.__dict__.get("metrics")
            if self.costs and metrics is not None and metrics.total_tokens + metrics.input_tokens:
                cost = cost_of(metrics, model.id, model.get_provider())
                if cost is not None:
                    metrics.cost = cost
            span.attributes |= self._said(describe.request_ended, assistant)

        return self._within(span, work, ended)

    def tool(self, exchange: Any, slot: Any, work: Work) -> Work:
        name = f"execute_tool {slot.name}"
        span = self._new("execute_tool", name, self._said(describe.tool_begins, slot), _live_parent(), None, slot)

        def ended(_: Any) -> None:
            span.attributes |= self._said(describe.tool_ended, slot)
            if slot.execution.tool_call_error and span.error_type is None:
                span.error_type = describe.failure_of(slot)
                span.error_message = describe.shortened(str(slot.execution.result)) if self.content else None

        return self._within(span, work, ended)

    def retrieval(self, query: str, count: int | None, work: Work) -> Work:
        attributes = self._said(describe.retrieval_begins, query, count)
        span = self._new("retrieval", "retrieval", attributes, _live_parent(), None, None)

        def ended(found: Any) -> None:
            span.attributes |= self._said(describe.retrieval_ended, found)

        return self._within(span, work, ended)

    def failed(self, error: Exception) -> None:
        span = _current.get()
        if span is not None:
            self._note(span, error)

    # Spans -----------------------------------------------------------------------------------------------------------

    def _said(self, tell: Callable[..., T], *about: Any) -> T:
        """What a description tells, without content where that cannot be told."""
        try:
            return tell(*about, self.content)
        except Exception:  # whoever watches costs no run
            log_exception(f"{tell.__name__} could not tell content")
            return tell(*about, False)

    def _new(
        self, kind: str, name: str, attributes: dict[str, Any], parent: Span | None, facts: Facts | None, subject: Any
    ) -> Span:
        trace_id = new_trace_id() if parent is None else parent.root.trace_id
        if facts is None and parent is not None:
            facts = parent.facts
        return Span(kind, name, trace_id, new_span_id(), parent, facts, attributes, subject=subject)

    def _parent_of(self, run: Any) -> Span | None:
        parent = _live_parent()
        if parent is None and run.output.parent_run_id is not None:  # begun in a thread that knows nothing of us
            parent = self._open.get(run.output.parent_run_id)
        return None if run.announced else parent  # a run in the background outlives who began it

    async def _link(self, run: Any, span: Span) -> None:
        run_id = getattr(run.answers, "run_id", None) or run.output.run_id
        link = self._unfinished.pop(run_id, None)
        for listener in self.listeners if link is None else ():
            try:
                link = await listener.link_to(run.io, run_id, run.context.user_id)
            except Exception:  # a link is worth no run
                log_exception(f"run_id={run_id} | the trace of what it goes on from could not be read")
            if link is not None:
                break
        if link is not None:
            span.links.append(link)

    async def _within(self, span: Span, work: Work, settle: Callable[[Any], None]) -> Any:
        token = _current.set(span)
        self._tell("started", span)
        result = None
        try:
            result = await work
            return result
        except BaseException as error:
            self._note(span, error)
            raise
        finally:
            try:
                settle(result)
            except Exception:  # whoever watches costs no run
                log_exception(f"span {span.name!r} could not be described")
            span.end()
            span.root.finished.append(span)
            self._tell("ended", span)
            _leave(token, span.parent)

    def _run_ended(self, span: Span, run: Any) -> None:
        span.attributes |= self._said(describe.run_ended, run)
        status, run_id = run.output.status, run.output.run_id
        if status is RunStatus.error and span.error_type is None:
            span.error_type = "run_failed"
        elif status is not RunStatus.error:
            span.error_type = span.error_message = None  # cancelled, or left
        if status is not RunStatus.completed:
            self._unfinished[run_id] = Link(span.root.trace_id, span.span_id)
            if len(self._unfinished) > _MOST_UNFINISHED:
                self._unfinished.popitem(last=False)

    def _note(self, span: Span, error: BaseException) -> None:
        """Put on a span how it failed. What a person or the reader ended is no failure."""
        if describe.is_pause(error):
            span.attributes["agno.paused"] = True
        elif isinstance(error, RunCancelledException) or not isinstance(error, Exception):
            span.attributes["agno.cancelled"] = True
        elif span.error_type is None:
            span.error_type = describe.type_of(error)
            if self.content or isinstance(error, AgnoError):  # others may hold what people and tools say
                span.error_message = without_secrets(str(error))[:_LONGEST_MESSAGE]
            if isinstance(error, AgnoError):
                span.attributes["agno.error.status_code"] = error.status_code

    # Listeners -------------------------------------------------------------------------------------------------------

    def _tell(self, what: str, span: Span) -> None:
        for listener in self.listeners:
            try:
                getattr(listener, what)(span)
            except Exception:  # whoever watches costs no run
                log_exception(f"{type(listener).__name__} failed at span {span.name!r}")

    async def _trace_ended(self, io: Any, root: Span) -> None:
        for listener in self.listeners:
            try:
                await listener.trace_ended(io, root)
            except Exception:  # the run is over and stored
                log_exception(f"{type(listener).__name__} could not keep trace {root.trace_id}")


def _live_parent() -> Span | None:
    """The span that goes on here. One that ended has left its mark in a task that it began; that is a trace of its own."""
    span = _current.get()
    return span if span is not None and span.duration is None else None


def _leave(token: Token[Span | None], parent: Span | None) -> None:
    try:
        _current.reset(token)
    except ValueError:  # the run was closed from another context than it was begun in
        _current.set(parent)


__all__ = ["Listener", "Watch", "current_span"]
