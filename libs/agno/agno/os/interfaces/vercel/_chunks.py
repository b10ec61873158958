"""The events of a run as chunks of the AI SDK's UI message stream."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from agno.os.interfaces._hosted import shown_error
from agno.os.interfaces._questions import Question, open_questions
from agno.run.base import to_json
from agno.utils.codec import encode

Chunk = dict[str, Any]
_ITS_KIND = {"images": "image/png", "videos": "video/mp4", "audio": "audio/wav"}


class Translator:
    """Translates one run. Text and reasoning are parts that end before anything else happens. What members of a team
    and agents in a workflow say stays theirs: of them, only steps are shown."""

    def __init__(self) -> None:
        self.top: str | None = None  # the id of the run itself
        self._parts = 0
        self._data: dict[str, Any] = {}
        self._open: tuple[str, str] | None = None  # "text" or "reasoning", and its id
        self._known: set[str] = set()  # calls that the page has
        self._done: set[str] = set()  # calls whose results it has
        self._sources: set[str] = set()
        self._said = False
        self.reason = "stop"
        self.failed = False

    def goes_on(self, output: Any, denied: list[str]) -> None:
        """This run was seen up to where it waited; `denied` are the calls that the page has as such."""
        self._known.update(str(q.tool_call_id) for q in open_questions(output))
        self._known.update(str(t.tool_call_id) for t in getattr(output, "tools", None) or ())
        self._done.update(denied)

    def translate(self, event: Any, data: dict[str, Any]) -> Iterator[Chunk]:
        """The chunks for one of our events, which was written down as `data`; none for most."""
        self.top = self.top or event.run_id
        self._data = data
        kind = event.event if event.event == "TeamMemberEvent" else event.event.removeprefix("Team")
        if event.run_id == self.top and (handler := getattr(self, f"_on_{kind}", None)) is not None:
            yield from handler(event)

    def close(self) -> Iterator[Chunk]:
        """End the part that is open."""
        if self._open is not None:
            kind, key = self._open
            self._open = None
            yield {"type": f"{kind}-end", "id": key}

    # Text and reasoning ----------------------------------------------------------------------------------------------

    def _piece(self, kind: str, text: str) -> Iterator[Chunk]:
        if self._open is None or self._open[0] != kind:
            yield from self.close()
            self._parts += 1
            self._open = (kind, f"{kind}-{self._parts}")
            yield {"type": f"{kind}-start", "id": self._open[1]}
        self._said = self._said or kind == "text"
        yield {"type": f"{kind}-delta", "id": self._open[1], "delta": text}

    def _on_RunContent(self, event: Any) -> Iterator[Chunk]:
        if event.reasoning_content:
            yield from self._piece("reasoning", event.reasoning_content)
        if event.content is not None and event.content != "":
            yield from self._piece("text", _text(event.content))
        if event.citations is not None or event.references:
            yield from self._cited(event)
        if event.image is not None:
            yield from self._files("images", [event.image])

    def _on_ReasoningContentDelta(self, event: Any) -> Iterator[Chunk]:
        if event.reasoning_content:
            yield from self._piece("reasoning", event.reasoning_content)

    _on_ReasoningStep = _on_ReasoningContentDelta

    def _on_RunCompleted(self, event: Any) -> Iterator[Chunk]:
        if not self._said and event.content not in (None, ""):
            yield from self._piece("text", _text(event.content))  # an answer that did not come in pieces
        yield from self.close()
        yield from self._cited(event)
        for name in _ITS_KIND:
            yield from self._files(name, getattr(event, name, None) or ())

    _on_WorkflowCompleted = _on_RunCompleted

    def _cited(self, event: Any) -> Iterator[Chunk]:
        citations = getattr(event, "citations", None)
        found = [("source-url", one.url, one.title) for one in (citations and citations.urls) or () if one.url]
        names = [one.document_title or one.file_name for one in (citations and citations.documents) or ()]
        for query in getattr(event, "references", None) or ():
            names += [one.get("name") for one in query.references or () if isinstance(one, dict)]
        found += [("source-document", name, name) for name in names if name]
        for kind, key, title in found:
            if key not in self._sources:
                self._sources.add(key)
                yield from self.close()
                facts = {"url": key} if kind == "source-url" else {"mediaType": "text/plain"}
                yield {"type": kind, "sourceId": key, "title": title or key, **facts}

    def _files(self, name: str, media: Any) -> Iterator[Chunk]:
        for medium in media:
            key = medium.id or str(id(medium))
            if key in self._done:
                continue
            self._done.add(key)
            mime, url = medium.mime_type or _ITS_KIND[name], medium.url
            if url is None and medium.content:
                url = f"data:{mime};base64,{base64.b64encode(medium.content).decode()}"
            if url is not None:
                yield from self.close()
                yield {"type": "file", "url": url, "mediaType": mime}

    # Tools -----------------------------------------------------------------------------------------------------------

    def _call(self, key: str, name: str | None, arguments: Any) -> Iterator[Chunk]:
        yield from self.close()
        if key not in self._known:
            self._known.add(key)
            given = encode(arguments or {})
            yield {"type": "tool-input-start", "toolCallId": key, "toolName": name}
            yield {"type": "tool-input-delta", "toolCallId": key, "inputTextDelta": to_json(given, None)}
            yield {"type": "tool-input-available", "toolCallId": key, "toolName": name, "input": given}

    def _on_ToolCallStarted(self, event: Any) -> Iterator[Chunk]:
        yield from self._call(event.tool.tool_call_id, event.tool.tool_name, event.tool.tool_args)

    def _on_ToolCallCompleted(self, event: Any) -> Iterator[Chunk]:
        tool = event.tool
        key = tool.tool_call_id
        if key in self._done:
            return
        yield from self._call(key, tool.tool_name, tool.tool_args)
        self._done.add(key)
        if tool.confirmed is False:
            yield {"type": "tool-output-denied", "toolCallId": key}
        elif tool.tool_call_error:
            yield {"type": "tool-output-error", "toolCallId": key, "errorText": _text(tool.result)}
        elif not tool.external_execution_required:  # else the page gave it
            yield {"type": "tool-output-available", "toolCallId": key, "output": tool.result}
        for name in _ITS_KIND:
            yield from self._files(name, getattr(event, name, None) or ())

    def _on_ToolCallError(self, event: Any) -> Iterator[Chunk]:
        key = event.tool.tool_call_id
        if key not in self._done:
            yield from self._call(key, event.tool.tool_name, event.tool.tool_args)
            self._done.add(key)
            yield {"type": "tool-output-error", "toolCallId": key, "errorText": _text(event.error)}

    def _on_RunPaused(self, event: Any) -> Iterator[Chunk]:
        yield from self.close()
        self.reason = "tool-calls"
        for question in open_questions(event):
            yield from self._ask(question)

    _on_WorkflowPaused = _on_RunPaused

    def _ask(self, question: Question) -> Iterator[Chunk]:
        if question.tool_call_id is None:  # a step of a workflow, which the page may show as it likes
            data = {"kind": question.kind, "message": question.message, "schema": question.schema}
            yield {"type": "data-question", "id": question.id, "data": data}
            return
        yield from self._call(question.tool_call_id, question.tool_name, question.tool_args)
        if question.kind == "confirmation":
            yield {"type": "tool-approval-request", "approvalId": question.id, "toolCallId": question.tool_call_id}

    # What else happens -----------------------------------------------------------------------------------------------

    def _on_StepStarted(self, event: Any) -> Iterator[Chunk]:
        yield from self._step(event, "started")

    def _on_StepCompleted(self, event: Any) -> Iterator[Chunk]:
        yield from self._step(event, "completed")

    def _step(self, event: Any, status: str) -> Iterator[Chunk]:
        yield from self.close()
        name = event.step_name or "step"
        yield {"type": "data-step", "id": f"step-{name}", "data": {"name": name, "status": status}}

    def _on_CustomEvent(self, event: Any) -> Iterator[Chunk]:
        yield from self.close()
        yield {"type": "data-event", "data": self._data}

    def _on_RunError(self, event: Any) -> Iterator[Chunk]:
        yield from self.close()
        self.failed, self.reason = True, "error"
        yield {"type": "error", "errorText": shown_error(event)[0]}

    _on_WorkflowError = _on_RunError

    def _on_RunCancelled(self, event: Any) -> Iterator[Chunk]:
        yield from self.close()
        self.reason = "other"
        yield {"type": "abort", "reason": getattr(event, "reason", None) or "The run was cancelled."}

    _on_WorkflowCancelled = _on_RunCancelled


def _text(content: Any) -> str:
    return content if isinstance(content, str) else to_json(encode(content), None)


__all__ = ["Chunk", "Translator"]
