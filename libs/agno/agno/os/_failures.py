"""What is shown of runs that failed: a generic sentence with an id, under which the log has the rest.

What an exception says is repeated in many places: in the output and the last event of the run, in what failed around it,
in the messages of its tools. Wherever it is, `error_type` stands beside it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from agno.exceptions import FOR_CALLERS
from agno.utils.ids import new_id
from agno.utils.log import log_error, log_exception

_TYPE, _STATUS = b'"error_type":"', b'"status":"ERROR"'  # one is in the JSON of all that tells of a failure
_TEXTS = ("content", "error", "error_message")


def failure(error: BaseException) -> tuple[str, str]:
    """A sentence that may be shown to anybody, and the id under which the log has the rest."""
    error_id = new_id()
    log_exception(f"error_id={error_id} | a run failed: {type(error).__name__}", exc_info=error)
    return _sentence(error_id), error_id


def _failed(run_id: Any, inside: str) -> tuple[str, str]:
    """The same for a run that says itself, in the text `inside`, why it failed; that goes to the log."""
    error_id = new_id()
    log_error(f"error_id={error_id} | run {run_id} failed: {inside}")
    return _sentence(error_id), error_id


def _sentence(error_id: str) -> str:
    return f"The run failed. The log has more under error id {error_id}."


class Shown:
    """Gives events and outputs of a run as JSON, without what exceptions said inside.

    Each of these is logged once, under the id that the caller reads instead. With `known`, the id of a run or session,
    what is shown has been logged before, and the caller reads that id.
    """

    def __init__(self, known: str | None = None) -> None:
        self._known = known
        self._instead: dict[str, tuple[str, str | None]] = {}  # what an exception said: what is shown, and its id

    def frame(self, event: Any) -> tuple[bytes, bytes]:
        """An event as it is sent: its kind, and its JSON on one line."""
        return event.event.encode(), self.bytes_of(event.to_dict())

    def why(self, failed: Any) -> str:
        """The sentence about an output or an event that says that a run failed: its own, where that is meant for callers."""
        facts = {name: getattr(failed, name, None) for name in ("run_id", "error_type", "error_id")}
        text = getattr(failed, "content", None) or getattr(failed, "error", None) or ""
        sentence: str = self.data_of({**facts, "status": "ERROR", "content": str(text)})["content"]
        return sentence

    def bytes_of(self, data: Any) -> bytes:
        """The JSON of plain data."""
        raw = msgspec.json.encode(data, enc_hook=str)
        if not self._instead and _TYPE not in raw and _STATUS not in raw:
            return raw
        return msgspec.json.encode(self.data_of(msgspec.json.decode(raw)))

    def data_of(self, data: Any) -> Any:
        """The plain data."""
        failures = list(_failures(data))
        texts = [(text, one) for one in failures for name in _TEXTS if isinstance(text := one.get(name), str) and text]
        for text, one in sorted(texts, key=lambda pair: len(pair[0])):
            if text not in self._instead:
                self._instead[text] = self._sentence_for(one, text)
        for one in failures:
            if not any(one.get(name) for name in _TEXTS):  # an exception without words
                name = next((name for name in _TEXTS if name in one), "content")
                one[name] = self._sentence_for(one, "")[0]
            elif "event" in one:
                one["error_id"] = self._instead.get(one.get("error") or one.get("content") or "", ("", None))[1]
        return self._without(data) if self._instead else data

    def _sentence_for(self, found: dict[str, Any], text: str) -> tuple[str, str | None]:
        if self._known is not None:
            return f"The run failed. The log may have more under id {self._known}.", None
        for inner, known in self._instead.items():  # what failed around it repeats it
            if text.endswith(f": {inner}"):
                return known
        return _failed(found.get("run_id"), text)

    def _without(self, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: self._without(value) for name, value in data.items()}
        if isinstance(data, list):
            return [self._without(value) for value in data]
        if not isinstance(data, str):
            return data
        for inside, (sentence, _) in self._instead.items():
            if data == inside:
                return sentence
            data = data.replace(f": {inside}", f": {sentence}")
        return data


def _failures(data: Any) -> Iterator[dict[str, Any]]:
    """What tells of an exception, inside of plain data, and is not meant for callers."""
    if isinstance(data, list):
        for value in data:
            yield from _failures(value)
    elif isinstance(data, dict):
        error_type = data.get("error_type")
        if error_type is None:
            told = data.get("status") == "ERROR" and "run_id" in data
        else:
            told = error_type not in FOR_CALLERS and data.get("error_id") is None
        if told:
            yield data
        for value in data.values():
            yield from _failures(value)


__all__ = ["Shown", "failure"]
