"""What was said in earlier sessions with the same user: the tools that let a model look it up.

Never the session the run is in, never another user's, never another component's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agno._engine.context import Run
from agno._engine.history import finished_runs, told
from agno._engine.toolbox import coloured
from agno.session.history import ASSISTANT_ROLES
from agno.tools.function import Function

_SESSIONS = 2  # read by get_previous_session_messages, where num_history_sessions says nothing else
_SEARCHED_SESSIONS = 20
_SEARCHED_RUNS = 20  # the newest of each session
_FOUND = 20  # exchanges that one search gives
_PAGE = 50


def previous_messages_tool(run: Run) -> Function:
    """`get_previous_session_messages`: the talk of the newest earlier sessions."""
    wanted = run.component.num_history_sessions

    async def get_previous_session_messages() -> str:
        """Read what you and this user said in earlier sessions."""
        found = await _past(run, _SESSIONS if wanted is None else wanted, None)
        return _json([{"session_id": s.session_id, "messages": talk(s.runs or ())} for s in reversed(found)])

    return coloured(run, get_previous_session_messages)


def search_tool(run: Run) -> Function:
    """`search_past_sessions`: the exchanges of earlier sessions that a query fits best."""
    sessions, runs = run.component.num_past_sessions_to_search, run.component.num_past_session_runs_in_search

    async def search_past_sessions(query: str | None = None) -> str:
        """Search what you and this user said in earlier sessions.

        Args:
            query: The words to look for; without them the newest exchanges are given.
        """
        past = await _past(
            run, _SEARCHED_SESSIONS if sessions is None else sessions, _SEARCHED_RUNS if runs is None else runs
        )
        return _json(_matches(past, (query or "").lower().split()))

    return coloured(run, search_past_sessions)


async def _past(run: Run, count: int, runs: int | None) -> list[Any]:
    """The newest earlier sessions of this user with this component, newest first, with their newest runs."""
    component, context = run.component, run.context
    found: list[Any] = []
    db, page = component.db, 1
    while db is not None and len(found) < count:
        headers = await run.io.call(
            db.get_sessions,
            component.session_type,
            user_id=context.user_id,
            component_id=component.id,
            limit=_PAGE,
            page=page,
            sort_by="updated_at",
            sort_order="desc",
            with_runs=False,
        )
        found += [s for s in headers if s.user_id == context.user_id and s.session_id != context.session_id]
        if len(headers) < _PAGE:
            break
        page += 1
    key = (component.session_type, context.user_id)
    chosen = [await run.io.call(db.read_session, s.session_id, *key, runs) for s in found[:count]]
    return [session for session in chosen if session is not None]


def talk(runs: Any) -> list[dict[str, str]]:
    """What was said: each user message with the answer that followed it."""
    said: list[dict[str, str]] = []
    for past in finished_runs(list(runs)):
        question = None
        for message in told(past):
            text = message.get_content_string()
            if message.role == "user":
                question = text
            elif message.role in ASSISTANT_ROLES and text and question is not None and not message.tool_calls:
                said += [{"role": "user", "content": question}, {"role": "assistant", "content": text}]
                question = None
    return said


def _matches(sessions: list[Any], words: list[str]) -> list[dict[str, Any]]:
    """Exchanges with any of the words, those with the most words first; newer before older."""
    found: list[tuple[int, dict[str, Any]]] = []
    for session in sessions:
        said = talk(session.runs or ())
        for position in range(len(said) - 2, -1, -2):
            question, answer = said[position], said[position + 1]
            text = f"{question['content']} {answer['content']}".lower()
            score = sum(word in text for word in words)
            if score or not words:
                facts = {"session_id": session.session_id, "session_name": session.name, "at": session.updated_at}
                exchange = {"user": question["content"], "assistant": answer["content"]}
                found.append((score, {**{k: v for k, v in facts.items() if v is not None}, **exchange}))
    return [facts for _, facts in sorted(found, key=lambda item: -item[0])][:_FOUND]


def _json(value: list[Any]) -> str:
    return msgspec.json.encode(value).decode() if value else "There are no earlier sessions with this user."


__all__ = ["previous_messages_tool", "search_tool", "talk"]
