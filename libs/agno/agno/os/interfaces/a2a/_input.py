"""What a message of A2A says: the input of a run, or answers to what a run asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from a2a.types import Message, Part
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError
from google.protobuf.json_format import MessageToDict

from agno.media import Audio, File, Image, Video
from agno.os._bodies import UPLOAD_TYPES, Limits
from agno.os.interfaces._chat.text import answer_in_words
from agno.os.interfaces._fetching import Fetching
from agno.os.interfaces._questions import Question, open_questions

_KINDS: dict[str, tuple[str, Any]] = {"image": ("images", Image), "audio": ("audio", Audio), "video": ("videos", Video)}
_OF_CALLER = frozenset({"user_id", "userId", "agent_id", "agentId", "team_id", "teamId", "workflow_id", "workflowId"})


@dataclass
class Said:
    """A message: its text, its data and its files."""

    text: str = ""
    data: list[Any] = field(default_factory=list)
    media: dict[str, list[Any]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def user_id(self) -> str | None:
        """The user that the metadata name."""
        named = self.metadata.get("user_id") or self.metadata.get("userId")
        return named if isinstance(named, str) else None

    @property
    def own_metadata(self) -> dict[str, Any]:
        """The metadata without what says who is asked by whom."""
        return {name: value for name, value in self.metadata.items() if name not in _OF_CALLER}

    def input_for(self, component: Any) -> Any:
        """The input of a run: data alone as it is where the component has a schema for it; else text, data as JSON."""
        if not self.text and len(self.data) == 1 and getattr(component, "input_schema", None) is not None:
            return self.data[0]
        return "\n".join([*([self.text] if self.text else ()), *map(json.dumps, self.data)])


async def said(message: Message, limits: Limits, allow_private: bool = False) -> Said:
    """What the message says; files at URLs are read, from public addresses only unless `allow_private`.

    Raises the protocol's errors for parts that cannot be read and for files that are too many or too large.
    """
    found, texts, files = Said(metadata=_plain(MessageToDict(message.metadata))), [], 0
    for part in message.parts:
        kind = part.WhichOneof("content")
        if kind == "text":
            texts.append(part.text)
        elif kind == "data":
            found.data.append(_plain(MessageToDict(part.data)))
        elif kind in ("raw", "url"):
            files += 1
            _check_file(part, files, limits)
            _add(found.media, await _read(part, limits, allow_private) if kind == "url" else part)
        else:
            raise InvalidParamsError(message="A part of the message has none of text, raw, url and data.")
    found.text = "\n".join(texts)
    return found


def _plain(data: Any) -> Any:
    """The data with whole numbers as such: on the way they were all floating-point numbers."""
    if isinstance(data, dict):
        return {name: _plain(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    return int(data) if isinstance(data, float) and data.is_integer() else data


def _check_file(part: Any, files: int, limits: Limits) -> None:
    if not part.raw and not part.url:
        raise InvalidParamsError(message="A file has no content: its bytes are empty or no base64.")
    if len(part.raw) > limits.file:
        raise InvalidParamsError(message=f"A file is larger than the {limits.file} bytes that are taken.")
    if files > limits.files:
        raise InvalidParamsError(message=f"The message has more than the {limits.files} files that are taken.")


async def _read(part: Part, limits: Limits, allow_private: bool) -> Part:
    """The file at a URL, as a part that holds it."""
    try:
        page = await Fetching(limits, allow_private).page(part.url)
    except ValueError as error:
        raise InvalidParamsError(message=str(error)) from None
    return Part(raw=page.body, media_type=part.media_type or page.content_type, filename=part.filename)


def _add(media: dict[str, list[Any]], part: Part) -> None:
    mime = part.media_type.partition(";")[0].strip().lower()
    name, made = _KINDS.get(mime.partition("/")[0], ("files", File))
    if made is not File:
        media.setdefault(name, []).append(made(content=part.raw, mime_type=mime, format=mime.partition("/")[2]))
        return
    if mime and mime not in File.valid_mime_types():
        raise ContentTypeNotSupportedError(message=f"Files of type {mime!r} cannot be read. {_types()}")
    filename = part.filename.replace("\\", "/").rpartition("/")[2] or None
    media.setdefault(name, []).append(File(content=part.raw, mime_type=mime or None, filename=filename))


def _types() -> str:
    return f"Send one of: {', '.join(sorted({*UPLOAD_TYPES, *File.valid_mime_types()}))}."


# Answers -------------------------------------------------------------------------------------------------------------


def answer(output: Any, given: Said) -> None:
    """Put the answers of a message into a waiting run; raises InvalidParamsError unless each open question gets a fitting one.

    Data of the form `{"answers": {id: payload}, "declined": [ids]}` answers by the ids. Where one question is open, other
    data is its payload, and a text answers it in words.
    """
    questions = open_questions(output)
    answers, declined = _by_id(given.data)
    if not answers and not declined and len(questions) == 1:
        answers = {questions[0].id: _payload(questions[0], given)}
    _check_ids({question.id for question in questions}, answers, declined)
    for question in questions:
        try:
            question.decline() if question.id in declined else question.answer(answers[question.id])
        except (ValueError, TypeError) as error:
            raise InvalidParamsError(message=str(error)) from None


def _by_id(data: list[Any]) -> tuple[dict[str, Any], set[str]]:
    answers: dict[str, Any] = {}
    declined: set[str] = set()
    for item in data:
        if isinstance(item, dict) and item.keys() & {"answers", "declined"} and item.keys() <= {"answers", "declined"}:
            if not isinstance(item.get("answers", {}), dict) or not isinstance(item.get("declined", []), list):
                raise InvalidParamsError(message='Answers have the form {"answers": {id: answer}, "declined": [id]}.')
            answers.update(item.get("answers", {}))
            declined.update(map(str, item.get("declined", [])))
    return answers, declined


def _payload(question: Question, given: Said) -> Any:
    if given.data:
        return given.data[0]
    payload = answer_in_words(question, given.text)
    if payload is None:
        raise InvalidParamsError(message=f"That does not answer the question. {question.message}")
    return payload


def _check_ids(open_ids: set[str], answers: dict[str, Any], declined: set[str]) -> None:
    if unknown := (answers.keys() | declined) - open_ids:
        raise InvalidParamsError(message=f"The task asks no question with the id {min(unknown)!r}.")
    if missing := open_ids - answers.keys() - declined:
        names = ", ".join(sorted(missing))
        raise InvalidParamsError(
            message=f'The task waits for answers to: {names}. Send a data part {{"answers": {{id: answer}}}} with all of them.'
        )


__all__ = ["Said", "answer", "said"]
