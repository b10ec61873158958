"""`SessionSummaryManager`: keeps a summary of each session, with a model that writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from agno._io import IO, asynchronous, sync
from agno.models._manager import Manager
from agno.models._structured import ask_for
from agno.models.base import Model
from agno.models.message import Message
from agno.models.utils import get_model
from agno.run.workflow import WorkflowRunOutput
from agno.session.history import ASSISTANT_ROLES, newest
from agno.session.summary_data import SessionSummary
from agno.utils.dttm import current_datetime_utc
from agno.utils.log import log_warning

M = TypeVar("M", bound="SessionSummaryManager")

_PROMPT = """Summarise the conversation for somebody who goes on with it later: what the user wants, what was found out, decided
and promised, what is still open. Keep names, numbers and dates; leave out small talk. A few sentences are enough."""
_GO_ON = "There is a summary of what was said before. Bring it up to date with the conversation: one summary of it all."
_REQUEST = "Give the summary of the conversation."


class SessionSummaryResponse(BaseModel):
    """A summary as the model gives it."""

    summary: str = Field(description="The summary, in a few sentences")
    topics: list[str] | None = Field(default=None, description="What the conversation is about, in a few words each")


@dataclass(eq=False)
class SessionSummaryManager(Manager):
    """Writes `session.summary`, from what there is and what was said.

    `session_summary_prompt` replaces the instruction, `summary_request_message` the user message behind it. Of the
    session's runs the newest `last_n_runs` are read, and of their messages the newest `conversation_limit`.
    `summaries_updated` says whether this object has written one.
    """

    model: Model | str | None = None  # an agent fills in its own
    session_summary_prompt: str | None = None
    summaries_updated: bool = False
    summary_request_message: str | None = None
    last_n_runs: int | None = None
    conversation_limit: int | None = None

    def __post_init__(self) -> None:
        for name in ("last_n_runs", "conversation_limit"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"SessionSummaryManager({name}={value}) must be positive, or None for all.")

    def for_run(self: M, *, model: Any = None) -> M:
        """A copy for one run, with the model that the manager lacks. What it says is in `spent` of the copy."""
        return self._copy_for_run(model=model)

    async def _create(self, io: IO, session: Any) -> SessionSummary | None:
        """Summarise a session and set its `summary`. None, and the old summary stays, where there is no model, nothing
        was said, or the answer cannot be read."""
        if self.model is None:
            log_warning("SessionSummaryManager has no model: give SessionSummaryManager(model=...)")
            return None
        said = self._said(session.runs or ())
        if not said:
            return None
        messages = [
            Message(role="system", content=self._prompt(session.summary, said)),
            Message(role="user", content=self.summary_request_message or _REQUEST),
        ]
        spent = self.spent
        found = await ask_for(io, get_model(self.model), SessionSummaryResponse, messages, spent)
        if found is None or not found.summary.strip():
            log_warning(f"session_id={session.session_id} | the model's summary could not be read; the old one stays")
            return None
        summary = SessionSummary(found.summary, topics=found.topics, updated_at=current_datetime_utc())
        session.summary, self.summaries_updated = summary, True
        return summary

    create_session_summary = sync(_create)
    acreate_session_summary = asynchronous(_create)

    def _said(self, runs: Iterable[Any]) -> list[str]:
        """The lines of the conversation, oldest first."""
        own = [run for run in runs if not run.parent_run_id]
        lines = [line for run in newest(own, self.last_n_runs) for line in _lines(run)]
        return newest(lines, self.conversation_limit)

    def _prompt(self, before: SessionSummary | None, said: list[str]) -> str:
        parts = [self.session_summary_prompt or _PROMPT]
        if before is not None:
            parts.append(f"{_GO_ON}\n<summary_so_far>\n{before.summary}\n</summary_so_far>")
        parts.append("<conversation>\n" + "\n".join(said) + "\n</conversation>")
        return "\n\n".join(parts)


def _lines(run: Any) -> list[str]:
    """What was said in a run: the words of the user and of the assistant."""
    if isinstance(run, WorkflowRunOutput):
        pairs = [("User", run.input), ("Assistant", run.content)]
        return [f"{who}: {text}" for who, text in pairs if text is not None]
    examples = {message.id for message in run.additional_input or ()}
    found = []
    for message in run.messages or ():
        if message.from_history or (examples and message.id in examples):
            continue
        who = "User" if message.role == "user" else "Assistant" if message.role in ASSISTANT_ROLES else None
        text = message.get_content_string().strip() if who else ""
        if text:
            found.append(f"{who}: {text}")
    return found


__all__ = ["SessionSummary", "SessionSummaryManager", "SessionSummaryResponse"]
