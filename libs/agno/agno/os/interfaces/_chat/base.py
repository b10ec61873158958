"""The interface of a chat: its routes take messages in, and an inbox hands them to the conversation they belong to."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from fastapi import HTTPException

from agno.os import _docs as docs
from agno.os.interfaces._chat.inbox import Inbox
from agno.os.interfaces._chat.talk import Talk
from agno.os.interfaces.base import BaseInterface
from agno.utils.secrets import keep_secret

# what the OpenAPI document says of a route that the server of the chat calls
WEBHOOK: dict[str, Any] = {
    "responses": docs.errors(400, 413),
    "openapi_extra": docs.extra(body=docs.body({"application/json": {"type": "object"}})),
}


class ChatInterface(BaseInterface):
    """A chat whose server calls ours. The requests show by a signature or a secret that they are from there."""

    guarded: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        component = self.component
        component.set_id()
        self.talk = Talk(component, lambda: self.runs.later())
        self.inbox = Inbox(f"{self.type}:{component.id}"[:120], component.db, self._handle)

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        async with self.inbox.working(grace):
            yield

    async def _handle(self, key: str, payload: Any, again: bool) -> None:
        """Deal with one message of the inbox."""
        raise NotImplementedError


def setting(given: str | None, variable: str) -> str | None:
    """A setting as it was given, else that of the environment."""
    found = given if given is not None else os.getenv(variable) or None
    if "ID" not in variable:  # of a phone, which is no secret
        keep_secret(found)
    return found


def required(value: str | None, variable: str) -> str:
    """The value; status 500 without one, which says what to set."""
    if not value:
        raise HTTPException(500, f"{variable} is not set")
    return value


def has_signature(secret: str, signed: bytes, signature: str, prefix: str) -> bool:
    """Whether a signature is the HMAC-SHA256 of what was signed; takes the same time for all wrong ones."""
    expected = prefix + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def json_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object of a request; status 400 for anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        raise HTTPException(400, "The body is not JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "The body is not a JSON object")
    return found


__all__ = ["WEBHOOK", "ChatInterface", "has_signature", "json_object", "required", "setting"]
