"""A run as a response of OpenAI: the object, and the events that build it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from agno.os._sse import Frame
from agno.os.interfaces._hosted import event_of, shown_error
from agno.os.interfaces._questions import Question, open_questions
from agno.os.interfaces.openai._items import ResponseRequest
from agno.os.interfaces.openai._output import said
from agno.run.base import RunStatus, to_json
from agno.utils.codec import encode

Body = dict[str, Any]
_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}  # requests for approval have ids of their own
_STATUS = {RunStatus.error: "failed", RunStatus.cancelled: "cancelled", RunStatus.running: "in_progress",
           RunStatus.pending: "queued"}  # fmt: skip


def empty(response_id: str, model: str, **facts: Any) -> Body:
    """A response in which nothing is yet."""
    return {
        "id": response_id, "object": "response", "created_at": int(time.time()), "status": "in_progress",
        "background": False, "conversation": None, "error": None, "incomplete_details": None, "instructions": None,
        "max_output_tokens": None, "metadata": {}, "model": model, "output": [], "parallel_tool_calls": True,
        "previous_response_id": None, "reasoning": {"effort": None, "summary": None}, "store": True, "temperature": None,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": None,
        "truncation": "disabled", "usage": None, "user": None, **facts,
    }  # fmt: skip


def begun(response_id: str, given: ResponseRequest, session_id: str, user_id: str | None) -> Body:
    """The response to a request, as it begins."""
    return empty(
        response_id, given.model, status="queued" if given.background else "in_progress",
        background=bool(given.background), conversation={"id": session_id} if given.conversation else None,
        instructions=given.instructions, metadata=given.metadata or {}, previous_response_id=given.previous_response_id,
        store=given.store is not False, text=given.text or {"format": {"type": "text"}}, tools=given.tools or [],
        user=user_id,
    )  # fmt: skip


def stored(response_id: str, model: str, output: Any) -> Body:
    """The response that a stored run is."""
    metadata = {key: value for key, value in (output.metadata or {}).items() if isinstance(value, str)}
    body = empty(response_id, model, created_at=output.created_at, metadata=metadata)
    thought = getattr(output, "reasoning_content", None)
    body["output"] = [*([_reasoning(thought)] if thought else []), *_asked(output, model)]
    text = _other_questions(output) if open_questions(output) else said(output)
    if text and output.status is not RunStatus.error:
        body["output"].append(_message(text))
    for index, item in enumerate(body["output"]):
        _name(item, response_id, index)
    body["status"], body["usage"] = _STATUS.get(output.status, "completed"), usage(output)
    if output.status is RunStatus.error:
        body["error"] = {"code": "server_error", "message": "The run failed."}
    return body


class Responding:
    """Makes the events of one response in their order, and keeps its object up to date. What members of a team and agents
    in a workflow say is not part of it."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.bad_request = False  # it failed for what was asked
        self.waits: Any = None  # the event with which the run came to a pause
        self._next = 0
        self._top: str | None = None
        self._open: Body | None = None  # the item that text goes into
        self._said = False

    def _event(self, kind: str, **facts: Any) -> Frame:
        data = {"type": kind, "sequence_number": self._next, **facts}
        self._next += 1
        return kind.encode(), msgspec.json.encode(data, enc_hook=str)

    def _of_body(self, kind: str) -> Frame:
        return self._event(f"response.{kind}", response=self.body)

    def begin(self) -> Iterator[Frame]:
        """It was accepted, and goes on."""
        yield self._of_body("created")
        self.body["status"] = "in_progress"
        yield self._of_body("in_progress")

    def translate(self, frame: Frame) -> Iterator[Frame]:
        """The events for one of ours, as it was written down; none for most."""
        event, _ = event_of(frame)
        self._top = self._top or event.run_id
        if event.run_id != self._top:
            return
        kind = event.event.removeprefix("Team")
        if kind in ("RunError", "WorkflowError"):
            self.fails(*shown_error(event))
        elif kind in ("RunPaused", "WorkflowPaused"):
            self.waits = event
        elif kind in ("RunContent", "ReasoningContentDelta", "ReasoningStep"):
            if event.reasoning_content:
                yield from self._piece("reasoning", event.reasoning_content)
            if kind == "RunContent" and isinstance(event.content, str) and event.content:
                yield from self._piece("message", event.content)
        elif kind == "ToolCallStarted":
            yield from self._close()

    def fails(self, message: str, bad_request: bool = False) -> None:
        """It ends with an error."""
        code = "invalid_prompt" if bad_request else "server_error"
        self.body["status"], self.body["error"] = "failed", {"code": code, "message": message}
        self.bad_request = bad_request

    def end(self, output: Any) -> Iterator[Frame]:
        """What was not said in pieces, calls of the client's tools, requests for approval, and the end."""
        asker = self.waits or output  # it may have gone on since
        if asker is not None and self.body["status"] != "failed":
            if self.waits is None and output.status is RunStatus.error:
                self.fails("The run failed.")
            if open_questions(asker):
                text = _other_questions(asker)
            else:
                text = "" if self._said or self.waits is not None else said(output)
            if text and self.body["status"] != "failed":
                yield from self._piece("message", text)
            yield from self._close()
            for item in _asked(asker, self.body["model"]):
                yield from self._whole(item)
        yield from self._close()
        if output is not None:
            self.body["usage"] = usage(output)
        cancelled = output is not None and self.waits is None and output.status is RunStatus.cancelled
        if self.body["status"] != "failed":
            self.body["status"] = "cancelled" if cancelled else "completed"
        kind = "incomplete" if cancelled else self.body["status"]
        yield self._of_body(kind)

    # Items -----------------------------------------------------------------------------------------------------------

    def _added(self, item: Body) -> Frame:
        self.body["output"].append(item)
        _name(item, self.body["id"], self._index)
        return self._event("response.output_item.added", output_index=self._index, item=item)

    @property
    def _index(self) -> int:
        return len(self.body["output"]) - 1

    def _piece(self, kind: str, text: str) -> Iterator[Frame]:
        if self._open is None or self._open["type"] != kind:
            yield from self._close()
            yield from self._begin(_message("") if kind == "message" else _reasoning(""))
        item = self._open
        assert item is not None
        where = {"item_id": item["id"], "output_index": self._index}
        if kind == "message":
            self._said = True
            item["content"][0]["text"] += text
            yield self._event("response.output_text.delta", **where, content_index=0, delta=text, logprobs=[])
        else:
            item["summary"][0]["text"] += text
            yield self._event("response.reasoning_summary_text.delta", **where, summary_index=0, delta=text)

    def _begin(self, item: Body) -> Iterator[Frame]:
        self._open = item
        name = "content" if item["type"] == "message" else "summary"
        part = item[name]
        item["status"], item[name] = "in_progress", []
        yield self._added(item)
        item[name] = part
        where = {"item_id": item["id"], "output_index": self._index, f"{name}_index": 0, "part": part[0]}
        kind = "content_part" if name == "content" else "reasoning_summary_part"
        yield self._event(f"response.{kind}.added", **where)

    def _close(self) -> Iterator[Frame]:
        item, self._open = self._open, None
        if item is None:
            return
        where = {"item_id": item["id"], "output_index": self._index}
        item["status"] = "completed"
        if item["type"] == "message":
            part = item["content"][0]
            yield self._event("response.output_text.done", **where, content_index=0, text=part["text"], logprobs=[])
            yield self._event("response.content_part.done", **where, content_index=0, part=part)
        else:
            part = item["summary"][0]
            yield self._event("response.reasoning_summary_text.done", **where, summary_index=0, text=part["text"])
            yield self._event("response.reasoning_summary_part.done", **where, summary_index=0, part=part)
        yield self._event("response.output_item.done", output_index=self._index, item=item)

    def _whole(self, item: Body) -> Iterator[Frame]:
        if item["type"] != "function_call":
            yield self._added(item)
        else:
            arguments, item["arguments"], item["status"] = item["arguments"], "", "in_progress"
            yield self._added(item)
            item["arguments"], item["status"] = arguments, "completed"
            where = {"item_id": item["id"], "output_index": self._index}
            yield self._event("response.function_call_arguments.delta", **where, delta=arguments)
            yield self._event("response.function_call_arguments.done", **where, name=item["name"], arguments=arguments)
        yield self._event("response.output_item.done", output_index=self._index, item=item)


def _message(text: str) -> Body:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": "", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def _name(item: Body, response_id: str, index: int) -> None:
    """Give an item an id that is the same whenever the response is read."""
    if prefix := _PREFIXES.get(item["type"]):
        item["id"] = f"{prefix}_{response_id.removeprefix('resp_')}_{index}"


def _reasoning(text: str) -> Body:
    summary = [{"type": "summary_text", "text": text}]
    return {"id": "", "type": "reasoning", "status": "completed", "summary": summary}


def _asked(output: Any, model: str) -> list[Body]:
    """What the client is to run, and what a person is to allow."""
    return [_of_question(q, model) for q in open_questions(output) if _has_item(q)]


def _has_item(question: Question) -> bool:
    return question.kind == "external_execution" or (
        question.kind == "confirmation" and question.tool_call_id is not None
    )


def _of_question(question: Question, model: str) -> Body:
    facts: Body = {"name": question.tool_name, "arguments": to_json(encode(question.tool_args), None)}
    if question.kind == "confirmation":
        return {"id": question.id, "type": "mcp_approval_request", "server_label": model, **facts}
    key = question.tool_call_id
    return {"id": "", "type": "function_call", "call_id": key, "status": "completed", **facts}


def _other_questions(output: Any) -> str:
    return "\n".join(q.message for q in open_questions(output) if not _has_item(q))


def usage(output: Any) -> Body | None:
    """The tokens of the run."""
    metrics = getattr(output, "metrics", None)
    given, made = getattr(metrics, "input_tokens", 0) or 0, getattr(metrics, "output_tokens", 0) or 0
    cached, written = getattr(metrics, "cache_read_tokens", 0) or 0, getattr(metrics, "cache_write_tokens", 0) or 0
    thought = getattr(metrics, "reasoning_tokens", 0) or 0
    return {
        "input_tokens": given, "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": made, "output_tokens_details": {"reasoning_tokens": thought}, "total_tokens": given + made,
    }  # fmt: skip


__all__ = ["Body", "Responding", "begun", "stored"]
