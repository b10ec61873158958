"""Reading the messages of a session: which runs, which roles, how many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from agno.models.message import Message
from agno.run.base import RunStatus
from agno.session.base import SessionBase

T = TypeVar("T")

_UNFINISHED = (RunStatus.paused, RunStatus.cancelled, RunStatus.error, RunStatus.regenerated)
ASSISTANT_ROLES = ("assistant", "model", "CHATBOT")


def newest(items: list[T], count: int | None) -> list[T]:
    """The last `count` items; None means all, 0 none."""
    if count is None:
        return items
    return items[-count:] if count > 0 else []


def said_in(runs: Iterable[Any], skip_history: bool = True) -> Iterator[tuple[Any, list[Message]]]:
    """Each run with its own messages: without history, and without those it took over from the run it branched off."""
    runs, seen = list(runs), set[str]()
    branched = any(getattr(run, name, None) for run in runs for name in ("forked_from_run_id", "regenerated_from"))
    for run in runs:
        own = [m for m in run.messages or () if not (skip_history and m.from_history)]
        if branched:
            own = [m for m in own if m.id not in seen]
            seen.update(m.id for m in own)
        yield run, own


def messages_of(runs: Iterable[Any], skip_roles: Collection[str] = (), skip_history: bool = True) -> list[Message]:
    """The messages of runs, oldest first, with only the first of their system messages."""
    found: list[Message] = []
    system_seen = False
    for message in (m for _, messages in said_in(runs, skip_history) for m in messages):
        if message.role in skip_roles:
            continue
        if message.role == "system":
            if system_seen:
                continue
            system_seen = True
        found.append(message)
    return found


def without_orphans(messages: list[Message]) -> list[Message]:
    """Without the tool results at the start whose tool call was cut off."""
    start = next((i for i, message in enumerate(messages) if message.tool_call_id is None), len(messages))
    return messages[start:]


class MessageHistory(SessionBase):
    """The reading methods of agent and team sessions."""

    def _finished(
        self, last_n: int | None, skip_statuses: Iterable[Any] | None, keep: Callable[[Any], bool]
    ) -> list[Any]:
        skipped = _UNFINISHED if skip_statuses is None else tuple(RunStatus(status) for status in skip_statuses)
        return newest([run for run in self.runs or () if keep(run) and run.status not in skipped], last_n)

    def _select(
        self,
        owner: Mapping[str, Any],
        keep: Callable[[Any], bool],
        *,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: Collection[str] | None = None,
        skip_statuses: Iterable[Any] | None = None,
        skip_history_messages: bool = True,
    ) -> list[Message]:
        wanted = {key: value for key, value in owner.items() if value is not None}
        runs = self._finished(
            last_n_runs,
            skip_statuses,
            lambda run: keep(run) and all(getattr(run, key, None) == value for key, value in wanted.items()),
        )
        messages = messages_of(runs, skip_roles or (), skip_history_messages)
        return messages if limit is None else without_orphans(newest(messages, limit))

    def get_messages_for_session(
        self,
        user_role: str = "user",
        assistant_role: list[str] | None = None,
        skip_history_messages: bool = True,
    ) -> list[Message]:
        """Of each run the first user message and the last answer, where it has both."""
        roles = tuple(assistant_role) if assistant_role else ASSISTANT_ROLES
        found: list[Message] = []
        for run in self.runs or ():
            own = [m for m in run.messages or () if not (skip_history_messages and m.from_history)]
            question = next((m for m in own if m.role == user_role), None)
            answer = next((m for m in reversed(own) if m.role in roles), None)
            if question is not None and answer is not None:
                found += [question, answer]
        return found

    def get_tool_calls(self, num_calls: int | None = None) -> list[dict[str, Any]]:
        """Tool calls, newest run first."""
        calls = [
            call
            for run in reversed(self.runs or [])
            for message in run.messages or ()
            if not message.from_history
            for call in message.tool_calls or ()
        ]
        return calls if num_calls is None else calls[: max(0, num_calls)]

    def get_chat_history(self, last_n_runs: int | None = None) -> list[Message]:
        """All messages of all runs, in order: each once, without the copies in history and in branches."""
        runs = newest(list(said_in(self.runs or ())), last_n_runs)
        return [m for _, messages in runs for m in messages]


__all__ = ["ASSISTANT_ROLES", "MessageHistory", "messages_of", "newest", "said_in", "without_orphans"]
