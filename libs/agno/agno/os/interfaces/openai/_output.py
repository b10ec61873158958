"""A run as a chat completion of OpenAI: whole, or in chunks."""

from __future__ import annotations

import time
from typing import Any

from agno.os.interfaces._questions import open_questions
from agno.run.base import to_json
from agno.utils.codec import encode
from agno.utils.ids import new_id


class Completion:
    """Makes the bodies of one answer, which share an id, a model and a time."""

    def __init__(self, model: str) -> None:
        self._facts = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": model}

    def whole(self, output: Any) -> dict[str, Any]:
        """The answer of a request without `stream`."""
        calls = tool_calls(output)
        message: dict[str, Any] = {"role": "assistant", "content": said(output) or None, "refusal": None}
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": _reason(calls), "logprobs": None}
        return {**self._facts, "object": "chat.completion", "choices": [choice], "usage": usage(output)}

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """A piece of the answer."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return {**self._facts, "object": "chat.completion.chunk", "choices": [choice]}

    def ends(self, output: Any, said_something: bool, with_usage: bool) -> list[dict[str, Any]]:
        """The chunks after the text: what was not said in pieces, calls of the client's tools, the reason, the usage."""
        chunks, calls = [], tool_calls(output)
        if (text := asks(output) if said_something else said(output)) != "":
            chunks.append(self.chunk({"content": text}))
        if calls:
            chunks.append(self.chunk({"tool_calls": [{"index": n, **call} for n, call in enumerate(calls)]}))
        chunks.append(self.chunk({}, _reason(calls)))
        if with_usage:
            chunks.append({**self._facts, "object": "chat.completion.chunk", "choices": [], "usage": usage(output)})
        return chunks


def tool_calls(output: Any) -> list[dict[str, Any]]:
    """What the client is to run."""
    return [
        {
            "id": question.tool_call_id,
            "type": "function",
            "function": {"name": question.tool_name, "arguments": to_json(encode(question.tool_args), None)},
        }
        for question in open_questions(output)
        if question.kind == "external_execution"
    ]


def asks(output: Any) -> str:
    """What a waiting run asks of a person; the protocol has no other place for it than the text."""
    return "\n".join(q.message for q in open_questions(output) if q.kind != "external_execution")


def said(output: Any) -> str:
    """The text of the answer; of a run that waits, what it asks."""
    if open_questions(output):
        return asks(output)
    content = output.content
    return content if isinstance(content, str) else "" if content is None else to_json(encode(content), None)


def usage(output: Any) -> dict[str, int]:
    """The tokens of the run."""
    metrics = output.metrics
    given = getattr(metrics, "input_tokens", 0) or 0
    made = getattr(metrics, "output_tokens", 0) or 0
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def _reason(calls: list[Any]) -> str:
    return "tool_calls" if calls else "stop"


__all__ = ["Completion", "tool_calls"]
