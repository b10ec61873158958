"""`OfflineModel`: calls tools by rule and quotes what they gave. It is no language model, and says so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from agno.models.base import Model
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+|\d+(?:\.\d+)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_QUOTED = re.compile("[\"'\u201c\u201d\u2018\u2019]([^\"'\u201c\u201d\u2018\u2019]+)[\"'\u201c\u201d\u2018\u2019]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n{2,}|\n(?=[-*|#])")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "not",
        "of",
        "on",
        "or",
        "that",
        "the",
        "their",
        "them",
        "there",
        "these",
        "this",
        "to",
        "use",
        "used",
        "was",
        "we",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)
_QUERY_NAMES = frozenset({"query", "question", "text", "input", "q", "search", "keywords", "topic"})
_WHAT_I_AM = "I am Agno's offline model: no language model, only rules that call tools and quote what they return."


@dataclass
class OfflineModel(Model):
    """Works without a key, a server or the network, and gives the same answer every time.

    It picks a tool whose name and description share words with the request, fills the arguments from the request
    (numbers, quoted text, the request itself as a query), and answers with passages of what the tools returned.
    """

    id: str = "offline"
    name: str | None = "OfflineModel"
    provider: str | None = "Agno"
    max_passages: int = 3

    def request(self, messages: list[Message], **settings: Any) -> dict[str, Any]:
        return {"messages": messages, **settings}

    def send(self, request: dict[str, Any]) -> ModelResponse:
        return self._answer(request)

    async def asend(self, request: dict[str, Any]) -> ModelResponse:
        return self._answer(request)

    def stream(self, request: dict[str, Any]) -> Iterator[ModelResponse]:
        yield from _pieces(self._answer(request))

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[ModelResponse]:
        for piece in _pieces(self._answer(request)):
            yield piece

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        answer: ModelResponse = response
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        piece: ModelResponse = delta
        return piece

    # The rules -------------------------------------------------------------------------------------------------------

    def _answer(self, request: dict[str, Any]) -> ModelResponse:
        messages: list[Message] = request["messages"]
        position = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
        question = messages[position].get_content_string() if position >= 0 else ""
        results = [m for m in messages[position + 1 :] if m.tool_call_id is not None]
        response = ModelResponse()
        if results:
            response.content = self._from_results(question, results)
        elif call := _chosen_call(question, request.get("tools") or [], len(messages)):
            response.tool_calls = [call]
        else:
            response.content = _without_tools(question, request.get("tools") or [])
        read = sum(len(_WORD.findall(m.get_content_string())) for m in messages)
        wrote = len(_WORD.findall(response.content or "")) or 1
        response.response_usage = Metrics(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)
        return response

    def _from_results(self, question: str, results: list[Message]) -> str:
        failed = [m for m in results if m.tool_call_error]
        passages = [p for m in results if not m.tool_call_error for p in _passages(m)]
        wanted = _words(question)
        ranked = sorted(passages, key=lambda p: -_score(wanted, p))[: self.max_passages]
        best = [p for p in ranked if _score(wanted, p) > 0] or ranked[:1]
        lines = [_shown(p, wanted) for p in best]
        lines += [f"The tool {m.tool_name} failed: {m.get_content_string()}" for m in failed]
        if not lines:
            lines = ["The tools found nothing about this."]
        return "\n\n".join(lines)


def _pieces(answer: ModelResponse) -> Iterator[ModelResponse]:
    """An answer in words, as a provider would stream it."""
    for word in re.findall(r"\S+\s*|\s+", answer.content or ""):
        yield ModelResponse(content=word)
    yield ModelResponse(tool_calls=answer.tool_calls, response_usage=answer.response_usage)


def _words(text: str) -> set[str]:
    return {_stem(w) for w in (word.lower() for word in _WORD.findall(text)) if w not in _STOP}


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _chosen_call(question: str, tools: list[dict[str, Any]], turn: int) -> dict[str, Any] | None:
    wanted = _words(question.replace("_", " "))
    best: tuple[float, str, dict[str, Any]] | None = None
    for described in tools:
        function = described.get("function") or {}
        arguments = _arguments(question, function.get("parameters") or {})
        if arguments is None:
            continue
        name = function.get("name", "")
        said = _words(name.replace("_", " ")) | _words(function.get("description") or "")
        score = float(len(wanted & said) + 3 * (name in question))
        if _QUERY_NAMES & arguments.keys():
            score += 1.5  # a search fits any question
        if score and (best is None or score > best[0]):
            best = (score, name, arguments)
    if best is None:
        return None
    text = msgspec.json.encode(best[2]).decode()
    return {"id": f"call_{turn}", "type": "function", "function": {"name": best[1], "arguments": text}}


def _arguments(question: str, schema: dict[str, Any]) -> dict[str, Any] | None:
    """Values for the required parameters, from the words of the request; None if one cannot be found."""
    numbers = _NUMBER.findall(question)
    quoted = _QUOTED.findall(question)
    names = [w for w in re.findall(r"(?<!^)(?<![.!?] )\b[A-Z][\w-]+", question) if w.lower() not in _STOP]
    found: dict[str, Any] = {}
    properties = schema.get("properties") or {}
    for name in schema.get("required") or ():
        facts = properties.get(name) or {}
        kind = facts.get("type")
        value: Any = None  # of the type that the schema wants
        if "enum" in facts:
            value = next((v for v in facts["enum"] if str(v).lower() in question.lower()), None)
        elif kind == "integer":
            value = round(float(numbers.pop(0))) if numbers else None
        elif kind == "number":
            value = float(numbers.pop(0)) if numbers else None
        elif kind == "string":
            value = question if name in _QUERY_NAMES else quoted.pop(0) if quoted else names.pop(0) if names else None
        if value is None:
            return None
        found[name] = value
    return found


def _without_tools(question: str, tools: list[dict[str, Any]]) -> str:
    if tools:
        names = ", ".join((t.get("function") or {}).get("name", "a built-in tool") for t in tools)
        return f"{_WHAT_I_AM} None of the tools ({names}) fits what you wrote."
    said = f" You said: “{question.strip()}”." if question.strip() else ""
    return f"{_WHAT_I_AM}{said} Give me a tool, or use a model such as openai:gpt-4o."


def _passages(message: Message) -> list[dict[str, Any]]:
    """What a tool returned, in pieces that can be quoted: `text`, and `source` where it says so."""
    text = message.get_content_string()
    try:
        data = msgspec.json.decode(text)
    except msgspec.DecodeError:
        data = None
    items = data if isinstance(data, list) else data.get("passages") if isinstance(data, dict) else None
    if isinstance(items, list):
        found = [item for item in items if isinstance(item, dict) and (item.get("text") or item.get("content"))]
        if found or not items:
            return found
    return [{"text": text, "tool": message.tool_name}] if text.strip() else []


def _text(passage: dict[str, Any]) -> str:
    return str(passage.get("text") or passage.get("content") or "")


def _score(wanted: set[str], passage: dict[str, Any]) -> float:
    words = _words(_text(passage) + " " + str(passage.get("source", "")))
    return len(wanted & words) + 0.01 * float(passage.get("score") or 0)


def _shown(passage: dict[str, Any], wanted: set[str]) -> str:
    source = passage.get("source")
    if source is None:
        return f"{passage.get('tool') or 'The tool'} returned: {_text(passage).strip()}"
    return f"“{_best_part(_text(passage), wanted)}”\n  — {source}"


def _best_part(text: str, wanted: set[str], limit: int = 420) -> str:
    """The sentences that share most words with the question, as they stand in the text."""
    sentences = [s.strip() for s in _SENTENCE.split(text) if s.strip()]
    if not sentences:
        return text.strip()[:limit]
    best = max(range(len(sentences)), key=lambda i: len(wanted & _words(sentences[i])))
    part = sentences[best]
    for following in sentences[best + 1 :]:
        if len(part) + len(following) + 1 > limit:
            break
        part = f"{part} {following}"
    return " ".join(part.split())[: limit * 2]


__all__ = ["OfflineModel"]
