"""The tools that an agent gives itself over its own session."""

from __future__ import annotations

from typing import Any

import msgspec

from agno._engine.context import Run
from agno.tools.function import Function


def chat_history(run: Run) -> Function:
    """`get_chat_history`: what was said in the session."""

    def get_chat_history(num_chats: int | None = None) -> str:
        """Read the earlier messages of this conversation.

        Args:
            num_chats: How many of the newest question and answer pairs; all if left out.
        """
        session = run.session
        pairs: list[dict[str, Any]] = []
        for past in (session.runs if session is not None else None) or ():
            if past.parent_run_id is not None:
                continue  # of a member, which talked with its leader
            talk = [
                m for m in past.messages or () if m.role in ("user", "assistant") and not m.from_history and m.content
            ]
            pairs.append({"talk": [{"role": m.role, "content": m.get_content_string()} for m in talk]})
        chosen = pairs if num_chats is None else pairs[-num_chats:] if num_chats > 0 else []
        messages = [message for pair in chosen for message in pair["talk"]]
        return msgspec.json.encode(messages).decode() if messages else ""

    return Function.from_callable(get_chat_history)


def tool_history(run: Run) -> Function:
    """`get_tool_call_history`: which tools were called in the session."""

    def get_tool_call_history(num_calls: int = 3) -> str:
        """Read the newest tool calls of this conversation.

        Args:
            num_calls: How many.
        """
        session = run.session
        calls = session.get_tool_calls(num_calls=num_calls) if session is not None else []
        return msgspec.json.encode(calls, enc_hook=str).decode() if calls else ""

    return Function.from_callable(get_tool_call_history)


def state(run: Run) -> Function:
    """`update_session_state`: set keys of the session state."""

    def update_session_state(session_state_updates: dict[str, Any]) -> str:
        """Change the session state.

        Args:
            session_state_updates: The keys to set, with their new values.
        """
        run.state.update(session_state_updates)
        return f"The session state is now: {run.stored_state()}"

    return Function.from_callable(update_session_state)


__all__ = ["chat_history", "state", "tool_history"]
