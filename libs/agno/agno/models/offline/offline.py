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
from agno.models.offline._quoting import quoted, words
from agno.models.response import ModelResponse
from agno.utils._common_words import COMMON_WORDS

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_QUOTED = re.compile("\"([^\"]+)\"|\u201c([^\u201d]+)\u201d|(?<!\\w)['\u2018]([^'\u2019]+)['\u2019](?!\\w)")
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[^\W\d_a-z][\w-]+")
_EXAMPLE = re.compile(r"^> ```.*?^> ```", re.M | re.S)
_TOKEN = re.compile(r"\w+")
_QUERY_NAMES = frozenset({"query", "question", "text", "input", "q", "search", "keywords", "topic"})
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_WHAT_I_AM = "I am Agno's offline model: no language model, only rules that call tools and quote what they return."
_NEAR = 0.4  # less of the question's words in a passage is no answer


@dataclass
class OfflineModel(Model):
    """Works without a key, a server or the network, and gives the same answer every time.

    It picks the tool whose name and description share most words with the request, fills the arguments from the request
    (`name=value`, numbers, quoted text, names, the request itself as a query), and answers with passages of what the
    tools returned, each under the place where it stands. It runs one tool per request.
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
        tools = [tool["function"] for tool in request.get("tools") or [] if "function" in tool]
        response = ModelResponse()
        if results:
            response.content = self._from_results(question, results)
        elif call := _chosen_call(question, tools, len(messages)):
            response.tool_calls = [call]
        else:
            response.content = _without_tools(question, tools, [m for m in messages[:position] if m.role == "user"])
        read = sum(len(_TOKEN.findall(m.get_content_string())) for m in messages)
        wrote = len(_TOKEN.findall(response.content or "")) or 1
        response.response_usage = Metrics(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)
        return response

    def _from_results(self, question: str, results: list[Message]) -> str:
        done = [m for m in results if not m.tool_call_error]
        passages = [p for m in done for p in _passages(m)]
        said = [f"{m.tool_name} returned: {m.get_content_string().strip()}" for m in done if _is_plain(m)]
        failed = [f"The tool {m.tool_name} failed: {m.get_content_string()}" for m in results if m.tool_call_error]
        quotes = self._quotes(words(question), passages)
        return "\n\n".join([*quotes, *said, *failed]) or "The tools found nothing about this."

    def _quotes(self, wanted: set[str], passages: list[dict[str, Any]]) -> list[str]:
        """The best passages, each cut to the part that answers: by the words it has, and by the tool's own rating."""
        top = max((_rating(p) for p in passages), default=0.0) or 1.0
        ranked: dict[str, float] = {}
        shares: dict[str, float] = {}
        for passage in passages:
            if _rating(passage) >= 0.4 * top or not _rating(passage):
                quote = quoted(_text(passage), str(passage.get("source") or passage.get("url") or "A tool"), wanted)
                said = _EXAMPLE.sub("", quote.partition("\n")[2])  # code has many words that it says nothing about
                shares[quote] = _share(wanted, passage, _text(passage))
                near = 0.4 * _share(wanted, {}, said) + 0.3 * _share(wanted, passage, said) + 0.3 * shares[quote]
                ranked[quote] = near + 0.6 * _rating(passage) / top
        best = sorted(ranked, key=lambda quote: -ranked[quote])[: self.max_passages]
        if best and wanted and max(shares[quote] for quote in best) < _NEAR:
            return ["Nothing in the documents answers this plainly; the nearest passage is:", best[0]]
        return [quote for quote in best if ranked[quote] >= 0.7 * ranked[best[0]]]


def _pieces(answer: ModelResponse) -> Iterator[ModelResponse]:
    """An answer in words, as a provider would stream it."""
    for word in re.findall(r"\S+\s*|\s+", answer.content or ""):
        yield ModelResponse(content=word)
    yield ModelResponse(tool_calls=answer.tool_calls, response_usage=answer.response_usage)


# Choosing a tool ------------------------------------------------------------------------------------------------------


def _chosen_call(question: str, tools: list[dict[str, Any]], turn: int) -> dict[str, Any] | None:
    wanted = words(question.replace("_", " "))
    best: tuple[float, str, dict[str, Any]] | None = None
    for function in tools:
        name = function["name"]
        arguments = _arguments(question, function.get("parameters") or {})
        if arguments is None:
            continue
        said = words(name.replace("_", " ")) | words(function.get("description") or "")
        score = len(wanted & said) + 3.0 * bool(re.search(rf"\b{re.escape(name)}\b", question, re.I))
        if _QUERY_NAMES & arguments.keys():
            score += 1.5  # a search fits any question
        if score and (best is None or score > best[0]):
            best = (score, name, arguments)
    if best is None:
        return None
    text = msgspec.json.encode(best[2]).decode()
    return {"id": f"call_{turn}", "type": "function", "function": {"name": best[1], "arguments": text}}


def _arguments(question: str, schema: dict[str, Any]) -> dict[str, Any] | None:
    """Values for the parameters, from the words of the request; None if a required one cannot be found."""
    parts = _Parts(question)
    found: dict[str, Any] = {}
    required = schema.get("required") or ()
    for name, facts in (schema.get("properties") or {}).items():
        value = parts.stated(name, facts)
        if value is None and name in required:
            value = parts.guessed(name, facts)
            if value is None:
                return None
        if value is not None:
            found[name] = value
    return found


class _Parts:
    """What a request holds that can be an argument. Each part is used once."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.numbers = _NUMBER.findall(question)
        self.quoted = ["".join(groups) for groups in _QUOTED.findall(question)]
        self.names = [name for name in _NAME.findall(question) if name.lower() not in COMMON_WORDS]

    def stated(self, name: str, facts: dict[str, Any]) -> Any:
        """The value of `name=value`, if the request has one."""
        found = re.search(rf"\b{re.escape(name)}\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s,;)]+)", self.question)
        return None if found is None else _converted(found[1].strip("\"'"), facts)

    def guessed(self, name: str, facts: dict[str, Any]) -> Any:
        """A part that has the type that the schema wants."""
        kind = facts.get("type")
        if "enum" in facts:
            return next((v for v in facts["enum"] if str(v).lower() in self.question.lower()), None)
        if kind in ("integer", "number"):
            return _converted(self.numbers.pop(0), facts) if self.numbers else None
        if kind != "string":
            return None
        if name in _QUERY_NAMES:
            return self.question
        of = self.quoted or self.names
        return of.pop(0) if of else None


def _converted(text: str, facts: dict[str, Any]) -> Any:
    kind = facts.get("type")
    if kind == "boolean":
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else None
    if kind in ("integer", "number"):
        if not _NUMBER.fullmatch(text):
            return None
        return round(float(text)) if kind == "integer" else float(text)
    return text if kind in ("string", None) else None


def _without_tools(question: str, tools: list[dict[str, Any]], earlier: list[Message]) -> str:
    if quote := _said_before(question, earlier):
        return f"{_WHAT_I_AM} You said before: “{quote}”"
    if tools:
        names = ", ".join(tool.get("name", "") for tool in tools)
        return f"{_WHAT_I_AM} None of the tools ({names}) fits what you wrote."
    said = f" You said: “{question.strip()}”." if question.strip() else ""
    return f"{_WHAT_I_AM}{said} Give me a tool or documents, or use a model such as openai:gpt-4o."


def _said_before(question: str, earlier: list[Message]) -> str | None:
    """The newest earlier statement that shares most words with a question."""
    wanted = words(question)
    texts = [text for m in reversed(earlier) if not (text := m.get_content_string().strip()).endswith("?")]
    best = max(texts, key=lambda text: len(words(text) & wanted), default=None)
    return best if question.strip().endswith("?") and best is not None and words(best) & wanted else None


# Reading what tools returned --------------------------------------------------------------------------------------------


def _listed(message: Message) -> list[Any] | None:
    """The list of passages that a tool returned, as JSON; None if it returned something else."""
    try:
        data = msgspec.json.decode(message.get_content_string())
    except msgspec.DecodeError:
        return None
    items = data.get("passages") if isinstance(data, dict) else data
    return items if isinstance(items, list) and all(isinstance(item, dict) and _text(item) for item in items) else None


def _passages(message: Message) -> list[dict[str, Any]]:
    return _listed(message) or []


def _is_plain(message: Message) -> bool:
    return _listed(message) is None and bool(message.get_content_string().strip())


def _text(passage: dict[str, Any]) -> str:
    return str(passage.get("text") or passage.get("content") or "")


def _share(wanted: set[str], passage: dict[str, Any], text: str) -> float:
    """How much of what is wanted a part of a passage has; the headings above it count."""
    place = " ".join(str(passage.get(name) or "") for name in ("section", "name", "title"))
    return len(wanted & words(f"{place} {text}")) / len(wanted) if wanted else 0.0


def _rating(passage: dict[str, Any]) -> float:
    return float(passage.get("score") or 0)


__all__ = ["OfflineModel"]
