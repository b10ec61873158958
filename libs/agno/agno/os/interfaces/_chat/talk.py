"""Runs as conversations: a message begins one or answers what one asks, and a window shows what comes of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from agno._io import ASYNC
from agno.os._failures import Shown, failure
from agno.os._later import EVERYTHING, Begin, Later
from agno.os.interfaces._chat.media import Attachment, attachments
from agno.os.interfaces._chat.text import answer_in_words, content_text, options_of, question_text
from agno.os.interfaces._frontend import Waiting
from agno.os.interfaces._questions import Question, go_on, open_questions
from agno.run.base import RunStatus
from agno.utils.log import log_exception

_PIECES = ("RunContent", "TeamRunContent")
_FAILURES = ("RunError", "TeamRunError", "WorkflowError")
Act = Callable[["Said", "Window"], Awaitable[None]]


@dataclass
class Said:
    """A message of a person. `key` is the same each time the chat sends it."""

    key: str
    session_id: str
    user_id: str | None
    text: str = ""
    media: dict[str, list[Any]] = field(default_factory=dict)
    again: bool = False  # a worker that died had begun with it
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Button:
    """A way to answer: what it shows, and what comes back when it is pressed (at most 64 characters)."""

    label: str
    token: str


class Window:
    """Where the answers of one conversation appear. Each chat has its own."""

    pace: float | None = None
    """Seconds between two looks at an answer that grows; None shows whole answers only."""

    async def begin(self) -> None:
        """Show that something is being done."""

    async def end(self) -> None:
        """Show that nothing is being done any more."""

    async def grow(self, text: str) -> None:
        """Show the answer so far."""

    async def say(self, text: str) -> None:
        """Show a whole message, however long; it takes the place of what grew."""
        raise NotImplementedError

    async def ask(self, text: str, buttons: list[Button]) -> None:
        """Show a question, with buttons if it has any."""
        raise NotImplementedError

    async def chosen(self, label: str) -> None:
        """The button that was pressed counts."""

    async def attach(self, attachment: Attachment) -> None:
        """Show a file."""
        raise NotImplementedError

    def italic(self, text: str) -> str:
        """The text in italics."""
        return "\n".join(f"_{line}_" if line.strip() else line for line in text.splitlines())


class NotDelivered(Exception):
    """The chat did not take an answer; it is to be delivered later."""


class _Sure(Window):
    """A window whose failures are told from those of runs. What is only for show may fail."""

    def __init__(self, window: Window) -> None:
        self._window, self.pace, self.italic = window, window.pace, window.italic  # type: ignore[method-assign]

    async def begin(self) -> None:
        await self._shown(self._window.begin())

    async def end(self) -> None:
        await self._shown(self._window.end())

    async def grow(self, text: str) -> None:
        await self._shown(self._window.grow(text))

    async def chosen(self, label: str) -> None:
        await self._shown(self._window.chosen(label))

    async def say(self, text: str) -> None:
        await self._delivered(self._window.say(text))

    async def ask(self, text: str, buttons: list[Button]) -> None:
        await self._delivered(self._window.ask(text, buttons))

    async def attach(self, attachment: Attachment) -> None:
        await self._delivered(self._window.attach(attachment))

    async def _shown(self, showing: Awaitable[None]) -> None:
        try:
            await showing
        except Exception:  # the border: the answer is what matters
            log_exception("A chat did not show what is being done")

    async def _delivered(self, delivering: Awaitable[None]) -> None:
        try:
            await delivering
        except Exception as error:  # the border: whatever the chat's SDK raises
            raise NotDelivered(str(error)) from error


class Talk:
    """The conversations of one component. `later` gives each answer what takes the work that follows it."""

    def __init__(self, component: Any, later: Callable[[], Later]) -> None:
        self.component, self._later = component, later
        self._waiting = Waiting()
        self._running: dict[str, str] = {}
        self._given: dict[str, dict[str, Any]] = {}  # by run: answers to some of its questions

    # What people do --------------------------------------------------------------------------------------------------

    async def say(self, said: Said, window: Window) -> None:
        """A message: the answer to a question that is open, or the input of a new run."""
        await self._guarded(said, window, self._said)

    async def press(self, said: Said, token: str, window: Window) -> None:
        """A button of a question."""

        async def pressed(said: Said, window: Window) -> None:
            await self._pressed(said, token, window)

        await self._guarded(said, window, pressed)

    async def cancel(self, said: Said, window: Window) -> None:
        """Stop what goes on or waits. A run that goes on says itself that it was cancelled."""
        run_id = self._running.get(said.session_id)
        if run_id is not None:
            await self.component.acancel_run(run_id, said.session_id)
            return
        paused = await self._waiting.find(self.component, said.session_id, said.user_id)
        if paused is None:
            await window.say("There is nothing to cancel.")
            return
        if self.component.db is not None:
            await self.component.acancel_run(paused.run_id, paused.session_id)
        paused.status = RunStatus.cancelled
        self._forget(paused, said.user_id)
        await window.say("Cancelled.")

    async def session_for(self, session_id: str, user_id: str | None) -> str:
        """The session of a person in a conversation of several: the common one is of who began it, others have their own."""
        db = self.component.db
        if db is None or user_id is None:
            return session_id
        stored = await ASYNC.call(db.read_session, session_id, None, None, 0)
        return session_id if stored is None or stored.user_id in (None, user_id) else f"{session_id}:{user_id}"

    # ------------------------------------------------------------------------------------------------------------------

    async def _guarded(self, said: Said, window: Window, act: Act) -> None:
        window = _Sure(window)
        await window.begin()
        try:
            await act(said, window)
        except NotDelivered:
            raise
        except ValueError as error:  # the sentence is for whoever wrote the message
            await window.say(str(error))
        except Exception as error:  # the border: whatever went wrong, there is an answer
            await window.say(failure(error)[0])
        finally:
            await window.end()

    async def _said(self, said: Said, window: Window) -> None:
        if said.again and await self._took_up(said, window):
            return
        paused = await self._waiting.find(self.component, said.session_id, said.user_id)
        if paused is not None and said.text:
            question = self._next(paused)
            payload = answer_in_words(question, said.text) if question is not None else None
            if question is not None and payload is not None:
                await self._answered(said, paused, question, payload, window)
                return
        if not said.text and not said.media:
            return
        run_id = run_id_of(said.key)
        options = {**said.media, **self._facts(said), "run_id": run_id, "user_id": said.user_id}
        begin = partial(self.component.arun, said.text, session_id=said.session_id, **options)
        await self._show(said, begin, run_id, window)

    def _facts(self, said: Said) -> dict[str, Any]:
        if not said.facts or self.component.session_type == "workflow":
            return {}
        facts = {**(self.component.dependencies or {}), **said.facts}
        return {"dependencies": facts, "add_dependencies_to_context": True}

    async def _took_up(self, said: Said, window: Window) -> bool:
        """Go on with what another worker had begun for this message; False if it had not begun."""
        session = await self.component.aget_session(said.session_id, said.user_id)
        own = [run for run in (session.runs or ()) if run.parent_run_id is None] if session is not None else []
        found = next((run for run in own if run.run_id == run_id_of(said.key)), None)
        if found is None:
            return False
        if found.status in (RunStatus.running, RunStatus.pending, RunStatus.error):
            ids = {"run_id": found.run_id, "session_id": said.session_id, "user_id": said.user_id}
            await self._show(said, partial(self.component.acontinue_run, **ids), found.run_id, window)
        else:
            await self._finish(said, found, "", window)
        return True

    async def _pressed(self, said: Said, token: str, window: Window) -> None:
        question_id, _, index = token.rpartition(":")
        paused = await self._waiting.find(self.component, said.session_id, said.user_id)
        open_ones = {question.id: question for question in open_questions(paused)} if paused is not None else {}
        question = open_ones.get(question_id)
        options = options_of(question) if question is not None else []
        if question is None or not index.isdigit() or int(index) >= len(options):
            await window.say("This question is not open any more, or it is not yours to answer.")
            return
        label, payload = options[int(index)]
        await window.chosen(label)
        await self._answered(said, paused, question, payload, window)

    async def _answered(self, said: Said, paused: Any, question: Question, payload: Any, window: Window) -> None:
        """Note an answer; ask the next question, or go on when there is none."""
        question.answer(payload)  # refuses what does not fit
        self._given.setdefault(paused.run_id, {})[question.id] = payload
        following = self._next(paused)
        if following is not None:
            await self._ask(following, window)
            return
        given = self._given.pop(paused.run_id)
        for other in open_questions(paused):
            if other.id in given:
                other.answer(given[other.id])
        begin = partial(go_on, self.component, paused, user_id=said.user_id)
        await self._show(said, begin, paused.run_id, window)

    def _next(self, paused: Any) -> Question | None:
        given = self._given.get(paused.run_id, {})
        return next((question for question in open_questions(paused) if question.id not in given), None)

    async def _ask(self, question: Question, window: Window) -> None:
        labels = [label for label, _ in options_of(question)]
        buttons = [Button(label, f"{question.id}:{index}") for index, label in enumerate(labels)]
        await window.ask(question_text(question), buttons)

    # Showing a run ---------------------------------------------------------------------------------------------------

    async def _show(self, said: Said, begin: Begin, run_id: str, window: Window) -> None:
        with self._later() as later:
            stream = begin(background_tasks=later, **EVERYTHING)
            output, why = await self._shown(said, stream, run_id, window)
            await self._finish(said, output, why, window)

    async def _shown(self, said: Said, stream: Any, run_id: str, window: Window) -> tuple[Any, str]:
        """Show a run while it goes on; gives its output, and why it failed."""
        self._running[said.session_id] = run_id
        growing, why, output = _Growing(window), "", None
        try:
            async with aclosing(_opened(stream)) as items:
                async for item in items:
                    kind = getattr(item, "event", None)
                    if kind is None:
                        output = item
                    elif item.run_id != run_id:
                        continue
                    elif kind in _PIECES and isinstance(item.content, str):
                        await growing.add(item.content)
                    elif kind in _FAILURES:
                        why = Shown().why(item)
        finally:
            self._running.pop(said.session_id, None)
        return output, why

    async def _finish(self, said: Said, output: Any, why: str, window: Window) -> None:
        """The end of a run: its answer and its files, or its question, or why there is none."""
        if output is not None:
            self._forget(output, said.user_id)
        if why or output is None:
            await window.say(why or "The run ended without an answer.")
        elif output.status is RunStatus.paused:
            question = self._next(output)
            if question is not None:
                await self._ask(question, window)
        elif output.status is RunStatus.cancelled:
            await window.say("Cancelled.")
        elif output.status is RunStatus.error:
            await window.say(Shown().why(output))
        else:
            await self._deliver(output, window)

    async def _deliver(self, output: Any, window: Window) -> None:
        text = content_text(output)
        thoughts = getattr(output, "reasoning_content", None)
        if thoughts:
            text = f"{window.italic(f'Reasoning: {thoughts.strip()}')}\n\n{text}"
        if text.strip():
            await window.say(text)
        for attachment in await attachments(output):
            if attachment.content is None:
                await window.say(f"{attachment.name}: {attachment.url}")
            else:
                await window.attach(attachment)

    def _forget(self, output: Any, user_id: str | None) -> None:
        self._waiting.note(self.component, output, user_id)
        if output.status is not RunStatus.paused:
            self._given.pop(output.run_id, None)


class _Growing:
    """An answer that is shown while it grows, not more often than the window likes."""

    def __init__(self, window: Window) -> None:
        self._window, self._text, self._last = window, "", float("-inf")

    async def add(self, piece: str) -> None:
        self._text += piece
        pace = self._window.pace
        if pace is not None and self._text.strip() and time.monotonic() - self._last >= pace:
            await self._window.grow(self._text)
            self._last = time.monotonic()


async def _opened(stream: Any) -> AsyncGenerator[Any, None]:
    if hasattr(stream, "__await__") and not hasattr(stream, "__aiter__"):
        stream = await stream
    async for item in stream:
        yield item


def run_id_of(key: str) -> str:
    """The id of the run for a message: the same for the same message, so that it is found again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key))


__all__ = ["Button", "Said", "Talk", "Window", "run_id_of"]
