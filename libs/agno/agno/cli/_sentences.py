"""What the command says when something is refused: one sentence, on standard error."""

from __future__ import annotations

import sys
from typing import Any

from agno.utils._terminal import without_orders

_LONGEST = 600  # characters


def tell(sentence: str) -> None:
    """Say something that is no answer."""
    sys.stdout.flush()  # where both go to one file, in the order in which they were said
    print(f"agno: {sentence}", file=sys.stderr)


def one_line(text: str) -> str:
    """A message without its line breaks, and not endless: some servers answer with a page."""
    line = " ".join(without_orders(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"


def of_failure(event: Any, model: Any, begun: bool) -> str:
    """Why a run failed, and what to do."""
    text = one_line(event.content or event.error_type or "The run failed")
    text = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    status = (event.additional_data or {}).get("status_code")
    who = model.get_provider()
    if begun:
        return f"The answer broke off here: {text}"
    if event.error_type == "ModelAuthenticationError":
        return text if "key" in text and "set " in text else f"{who} refused the key: {text}"
    if status == 404:
        return f"{who} has no model {model.id!r}, or none at this address: {text}"
    if status == 429:
        return f"{who} says too many requests, try again later: {text}"
    if text.startswith("The connection to"):
        return f"{text[:-1]}; {_where(model)}"
    return text if who in text else f"{who} failed: {text}"


def _where(model: Any) -> str:
    info = model.connection_info()
    base = (info or {}).get("base")
    return f"is the server at {base} running?" if base else "is the server running?"


__all__ = ["of_failure", "one_line", "tell"]
