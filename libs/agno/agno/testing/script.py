"""What a scripted model says: turns, written as a test reads, and the order in which they are said."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, NamedTuple, Union

import msgspec

from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.media import Audio, Image
from agno.models.message import Citations, Message
from agno.models.metrics import Metrics
from agno.utils.ids import new_id


class ScriptExhausted(AssertionError):
    """The model was asked for something that the script does not know."""


class ScriptNotFinished(AssertionError):
    """The script has turns that were never asked for."""


@dataclass(frozen=True)
class Call:
    """A tool call that the model asks for."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"call_{new_id()[:8]}")

    def __post_init__(self) -> None:
        try:
            self.text  # noqa: B018  # a script that cannot be sent is refused where it is written
        except TypeError as error:
            raise TypeError(
                f"The arguments of {self.name!r} are sent as JSON, which {self.arguments!r} is not: {error}"
            ) from None

    @property
    def text(self) -> str:
        """The arguments as JSON text; text is sent as it is, so it may be broken."""
        return self.arguments if isinstance(self.arguments, str) else to_json(self.arguments)


def to_json(value: Any) -> str:
    """JSON text. Half of a surrogate pair is written as providers write it: as an escape."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


_LEAST = {"chunk_size": 1, "wire_bytes": 1, "break_after": 0, "latency": 0, "pace": 0}
FaultKind = Literal["status", "timeout", "cut", "short", "malformed"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong on the wire.

    `status` answers with an HTTP error (inside a stream that has begun: with the protocol's error event), `timeout`
    leaves the connection open and says nothing more, `cut` closes it, `short` ends the answer in good order before it is
    complete, `malformed` sends what is no JSON.
    """

    kind: FaultKind
    status: int = 500
    message: str = "scripted failure"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def error(self) -> Exception:
        """The exception that an adapter makes of this fault."""
        if self.kind == "timeout":
            return ModelProviderError("The scripted model did not answer in time.", 504)
        if self.kind != "status":
            return ModelProviderError(f"The answer of the scripted model broke off ({self.kind}).", 502)
        if self.status == 401:
            return ModelAuthenticationError(self.message)
        if self.status in (429, 529):
            return ModelRateLimitError(self.message, self.status)
        if self.code == "context_length_exceeded":
            return ContextWindowExceededError(self.message, self.status)
        return ModelProviderError(self.message, self.status)


@dataclass(frozen=True, repr=False)
class Turn:
    """One answer of the model, in no provider's words."""

    text: str | None = None
    calls: tuple[Call, ...] = ()
    reasoning: str | None = None
    redacted_reasoning: str | None = None
    signature: str | None = None  # of the reasoning, where the protocol has one
    parsed: Any = None  # ScriptedModel only: what a model with native structured outputs gives
    citations: Citations | None = None
    images: tuple[Image, ...] = ()
    audio: Audio | None = None
    usage: Metrics | None = field(default_factory=lambda: Metrics(input_tokens=10, output_tokens=5, total_tokens=15))
    finish: str | None = None  # "stop", "tools", "length", "filter", or the protocol's own word
    provider_data: dict[str, Any] | None = None  # ScriptedModel only
    error: Exception | Fault | None = None  # instead of an answer, or after `break_after` pieces of it
    break_after: int = 0
    latency: float = 0.0  # seconds before the first piece
    pace: float = 0.0  # seconds between pieces
    chunk_size: int = 4  # characters in a streamed piece
    wire_bytes: int | None = None  # server only: bytes in one write, so that events arrive torn

    def __post_init__(self) -> None:
        for name in ("text", "reasoning"):
            said = getattr(self, name)
            if said is not None and not isinstance(said, str):
                raise TypeError(f"A turn has {name}={said!r}; give a text.")
        if wrong := [one for one in self.calls if not isinstance(one, Call)]:
            raise TypeError(f"A turn asks for {wrong[0]!r}; give tool calls, as in call('add', a=1, b=2).")
        for name, least in _LEAST.items():
            number = getattr(self, name)
            if number is not None and (not isinstance(number, (int, float)) or number < least):
                raise ValueError(f"A turn has {name}={number!r}; give a number, at least {least}.")

    def __repr__(self) -> str:
        usual = Turn()
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        told = [f"{name}={value!r}" for name, value in said.items() if value != getattr(usual, name)]
        return f"Turn({', '.join(told)})"

    def with_(self, **changes: Any) -> Turn:
        """The same turn with other facts."""
        return replace(self, **changes)

    @property
    def fault(self) -> Fault | None:
        """`error` as it shows on the wire."""
        if self.error is None or isinstance(self.error, Fault):
            return self.error
        code = "context_length_exceeded" if isinstance(self.error, ContextWindowExceededError) else None
        return Fault("status", getattr(self.error, "status_code", 500), str(self.error), code)

    @property
    def exception(self) -> Exception | None:
        """`error` as it is raised."""
        return self.error.error() if isinstance(self.error, Fault) else self.error

    @property
    def total_tokens(self) -> int:
        """All tokens of the turn, also where only input and output are given."""
        usage = self.usage or Metrics()
        return usage.total_tokens or usage.input_tokens + usage.output_tokens

    @property
    def finish_reason(self) -> str:
        """Why the turn ends: as given, else "tools" or "stop"."""
        return self.finish or ("tools" if self.calls else "stop")


Scripted = Union[Turn, str, BaseException, Callable[[list[Message]], Any]]
Key = Callable[[list[Message]], Hashable]


def says(text: str, **facts: Any) -> Turn:
    """The model answers with text."""
    return Turn(text=text, **facts)


def call(name: str, **arguments: Any) -> Call:
    """A tool call, for `wants`."""
    return Call(name, arguments)


def wants(*calls: str | Call, **arguments: Any) -> Turn:
    """The model asks for tools: `wants("add", a=1, b=2)`, or several: `wants(call("add", a=1), call("now"))`."""
    made = [Call(item, arguments) if isinstance(item, str) else item for item in calls]
    for item in made:
        if not isinstance(item, Call):
            raise TypeError(f'wants got {item!r}: name the arguments of a tool, as in wants("add", a=1, b=2).')
    return Turn(calls=tuple(made))


def wants_many(*calls: str | Call) -> Turn:
    """The model asks for several tools at once."""
    return wants(*calls)


def thinks(reasoning: str, text: str | None = None, *calls: Call, **facts: Any) -> Turn:
    """The model thinks, then answers or asks for tools."""
    return Turn(text=text, calls=calls, reasoning=reasoning, **facts)


def fails(
    error: Exception | int | Literal["timeout", "cut", "short", "malformed"],
    message: str = "scripted failure",
    *,
    after: int = 0,
    text: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **facts: Any,
) -> Turn:
    """The request fails; in a stream `after` so many pieces of `text`.

    `error` is an exception, an HTTP status, or "timeout", "cut", "short" or "malformed" (see Fault). `headers` go with
    a status, such as {"retry-after": "2"}.
    """
    made: Exception | Fault
    if isinstance(error, int) and 400 <= error <= 599:
        made = Fault("status", error, message, code, headers or {})
    elif isinstance(error, Exception):
        made = error
    elif error in _NAMED_FAULTS:
        made = Fault(error, message=message)
    else:
        raise ValueError(
            f"fails got {error!r}; it takes an exception, an HTTP status of a failure, or one of {', '.join(_NAMED_FAULTS)}."
        )
    return Turn(text=text, error=made, break_after=after, **facts)


_NAMED_FAULTS = ("timeout", "cut", "short", "malformed")


def as_turn(item: Any) -> Turn:
    """A turn from what a script may have in its place: a text is said, an error is raised."""
    if isinstance(item, Turn):
        return item
    if isinstance(item, str):
        return says(item)
    if isinstance(item, Exception):
        return fails(item)
    hint = " Give the turns one by one, as in ScriptedModel(*turns)." if isinstance(item, (list, tuple)) else ""
    raise TypeError(
        "A turn of a script is a text, an error, says(...), wants(...), thinks(...), fails(...), or a function of the "
        f"messages that gives one of these, not {item!r}.{hint}"
    )


# A turn in pieces -----------------------------------------------------------------------------------------------------


class Delta(NamedTuple):
    """A piece of a streamed turn. A call begins with a `call` piece; `arguments` pieces of the same number follow."""

    kind: Literal["reasoning", "text", "call", "arguments"]
    text: str = ""
    number: int = 0  # of the call
    call: Call | None = None


class Broken(Exception):
    """The turn breaks here."""


def deltas(turn: Turn) -> Iterator[Delta]:
    """The pieces of a turn; raises Broken where the script says so."""
    for given, delta in enumerate(_all_deltas(turn)):
        if turn.error is not None and given >= turn.break_after:
            break
        yield delta
    if turn.error is not None:
        raise Broken


def _all_deltas(turn: Turn) -> Iterator[Delta]:
    for part in _cut(turn.reasoning or "", turn.chunk_size):
        yield Delta("reasoning", part)
    for part in _cut(turn.text or "", turn.chunk_size):
        yield Delta("text", part)
    for number, made in enumerate(turn.calls):
        yield Delta("call", "", number, made)
        for part in _cut(made.text, turn.chunk_size):
            yield Delta("arguments", part, number, made)


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


# The script ----------------------------------------------------------------------------------------------------------


def last_user_text(messages: list[Message]) -> str:
    """The text of the newest user message: the usual key of a script for concurrent runs."""
    return next((m.get_content_string() for m in reversed(messages) if m.role == "user"), "")


class Script:
    """Turns in order, or an order per key. Threads and tasks may ask at once."""

    def __init__(self, turns: Sequence[Any], by: Key | None = None, repeat: bool = False) -> None:
        if by is None and any(isinstance(turn, Mapping) for turn in turns):
            by = last_user_text
        self._by = by
        self._repeat = repeat
        self._lock = threading.Lock()
        self._turns = {key: [_checked(turn) for turn in order] for key, order in _orders(turns, by).items()}
        self.unexpected: list[str] = []

    @property
    def left(self) -> list[Any]:
        """The turns that were not asked for yet."""
        return [] if self._repeat else [turn for order in self._turns.values() for turn in order]

    def next(self, messages: list[Message]) -> Turn:
        """The turn that answers these messages."""
        key = self._by(messages) if self._by else None
        with self._lock:
            order = self._turns.get(key)
            if not order:
                complaint = self._complaint(messages, key)
                self.unexpected.append(complaint)
                raise ScriptExhausted(complaint)
            turn = order[0] if self._repeat and len(order) == 1 else order.pop(0)
        return turn if isinstance(turn, Turn) else as_turn(turn(messages))

    def _complaint(self, messages: list[Message], key: Hashable) -> str:
        last = f"{messages[-1].role}: {messages[-1].get_content_string()!r}" if messages else "none"
        if self._by is not None and key not in self._turns:
            known = ", ".join(map(repr, self._turns))
            return f"The script has no turns for {key!r}; it has some for {known or 'nothing'}. Last message: {last}"
        what = "is over" if self._by is None else f"for {key!r} is over"
        return f"The script {what}, but the model was asked again. Last message: {last}"

    def assert_done(self) -> None:
        """Fail if the model was asked too much or too little."""
        if self.unexpected:
            raise ScriptExhausted(self.unexpected[0])
        if left := self.left:
            number = "1 scripted turn was" if len(left) == 1 else f"{len(left)} scripted turns were"
            raise ScriptNotFinished(f"{number} not asked for; the next is {left[0]!r}.")


def _checked(item: Any) -> Turn | Callable[[list[Message]], Any]:
    is_function = callable(item) and not isinstance(item, type)
    return item if is_function else as_turn(item)


def _orders(turns: Sequence[Any], by: Key | None) -> dict[Hashable, list[Scripted]]:
    if by is None:
        return {None: list(turns)}
    if not all(isinstance(turn, Mapping) for turn in turns):
        raise TypeError(
            "With by= the script is a dict from key to a turn or a list of turns, as in {'hi': says('ho')}."
        )
    orders: dict[Hashable, list[Scripted]] = {}
    for mapping in turns:
        for key, value in mapping.items():
            orders.setdefault(key, []).extend(value if isinstance(value, (list, tuple)) else [value])
    return orders


__all__ = [
    "Broken",
    "Call",
    "Delta",
    "Fault",
    "Script",
    "ScriptExhausted",
    "ScriptNotFinished",
    "Scripted",
    "Turn",
    "as_turn",
    "call",
    "deltas",
    "fails",
    "last_user_text",
    "says",
    "thinks",
    "to_json",
    "wants",
    "wants_many",
]
