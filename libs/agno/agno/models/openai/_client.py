"""What the models over OpenAI's SDK share: the client and its settings, sending, errors."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agno.exceptions import ContextWindowExceededError
from agno.models._sdk import SdkModel, aload, fitting, load
from agno.models.openai._streams import read_to_the_end

_CREDENTIALS = frozenset({"api_key", "workload_identity", "provider"})
_CLIENT_SETTINGS = ("organization", "base_url", "timeout", "max_retries", "default_headers", "default_query")
# the status that an error in the middle of a stream would have had as a response
_STATUS_OF = {
    "invalid_api_key": 401,
    "authentication_error": 401,
    "insufficient_quota": 429,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "overloaded_error": 529,
    "invalid_prompt": 400,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "server_error": 500,
}


@dataclass
class OpenAIBase(SdkModel):
    """A model behind OpenAI's SDK. A subclass adds `endpoint` and `is_last` to the port of `SdkModel`."""

    supports_native_structured_outputs: bool = True

    api_key: str | None = None
    organization: str | None = None
    base_url: str | None = None
    timeout: Any = None
    max_retries: int | None = None
    default_headers: dict[str, str] | None = None
    default_query: dict[str, Any] | None = None
    http_client: Any = None
    client_params: dict[str, Any] | None = None
    client: Any = None
    async_client: Any = None

    sdk: ClassVar[tuple[str, str]] = ("openai", "openai")
    key_variables: ClassVar[tuple[str, ...]] = ("OPENAI_API_KEY",)

    def endpoint(self, client: Any) -> Any:
        """The part of a client that has `create`."""
        self._refuse("endpoint")

    def is_last(self, chunk: Any) -> bool:
        """True if this chunk says that the answer is complete."""
        self._refuse("is_last")

    # Client ----------------------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        import openai

        arguments = self._client_arguments(asynchronous=False)
        if "http_client" not in arguments and "provider" not in arguments:
            arguments["http_client"] = openai.DefaultHttpxClient(event_hooks={"response": [read_to_the_end]})
        return openai.OpenAI(**arguments)

    def make_async_client(self) -> Any:
        import openai

        arguments = self._client_arguments(asynchronous=True)
        if "http_client" not in arguments and "provider" not in arguments:
            # the SDK's own one closes itself when it is collected, and fails at that if its event loop is gone
            arguments["http_client"] = openai.DefaultAsyncHttpxClient()
        return openai.AsyncOpenAI(**arguments)

    def load_endpoint(self, client: Any) -> None:
        self.endpoint(client)

    def _client_arguments(self, *, asynchronous: bool) -> dict[str, Any]:
        extra = self.client_params or {}
        arguments: dict[str, Any] = {}
        if not extra.keys() & _CREDENTIALS:
            arguments["api_key"] = self.require_key(self.api_key, *self.key_variables)
        for name in _CLIENT_SETTINGS:
            if (value := getattr(self, name)) is not None:
                arguments[name] = value
        if (lent := self.lent_http_client(asynchronous=asynchronous)) is not None:
            arguments["http_client"] = lent
        return {**arguments, **extra}

    def send(self, request: dict[str, Any]) -> Any:
        load(request.pop("_links", ()))
        create = self.endpoint(self.get_client()).create
        return create(**fitting(create, request))

    async def asend(self, request: dict[str, Any]) -> Any:
        await aload(request.pop("_links", ()))
        create = self.endpoint(await self.open_async_client()).create
        return await create(**fitting(create, request))

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        complete = False
        with self.send(request) as chunks:
            for chunk in chunks:
                complete = complete or self.is_last(chunk)
                yield chunk
        if not complete:
            raise self.unfinished()

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        complete = False
        async with await self.asend(request) as chunks:
            async for chunk in chunks:
                complete = complete or self.is_last(chunk)
                yield chunk
        if not complete:
            raise self.unfinished()

    def connection_info(self) -> dict[str, Any] | None:
        if (client := self.client or self.async_client) is not None:
            base = str(client.base_url)
        else:
            given = self.base_url or (self.client_params or {}).get("base_url") or os.environ.get("OPENAI_BASE_URL")
            base = str(given or "https://api.openai.com/v1")
        return {"type": "openai", "base": _public(base)}

    # Errors ----------------------------------------------------------------------------------------------------------

    def translate_error(self, error: Exception) -> Exception:
        from openai import APIError, APIResponseValidationError, APIStatusError, OpenAIError

        if isinstance(error, APIStatusError):
            return self.stated_error(error.body, error.message, error.status_code)
        if isinstance(error, (APIResponseValidationError, json.JSONDecodeError, UnicodeDecodeError)):
            return self.unreadable(error)
        translated = self.network_error(error)
        if translated is not error:
            return translated
        if isinstance(error, APIError):  # told in the middle of a stream
            return self.stated_error(error.body, error.message)
        return self.provider_error(str(error)) if isinstance(error, OpenAIError) else error

    def stated_error(self, body: Any, text: str, status: int | None = None) -> Exception:
        """Our error for what the provider stated; without a status, the stated code or type tells it."""
        details: dict[str, Any] = body if isinstance(body, dict) else {}
        if isinstance(details.get("error"), dict):
            details = details["error"]
        message = str(details.get("message") or text)
        code = str(details.get("code") or "")
        if status is None:
            known = _STATUS_OF.get(code) or _STATUS_OF.get(str(details.get("type")))
            status = int(code) if code.isdecimal() else known
        if code == "context_length_exceeded":
            return ContextWindowExceededError(message, status or 400, self.name, self.id)
        return self.provider_error(message, status)

    def no_answer(self, response: Any) -> Exception:
        """The error for a response that is a success by its status and yet no answer."""
        if isinstance(response, str):
            start = response[:200]
            return self.provider_error(f"{self.get_provider()} answered {start!r}, not JSON: is base_url right?")
        stated = getattr(response, "error", None)
        body = stated if isinstance(stated, dict) else getattr(stated, "__dict__", None)
        return self.stated_error(body, f"{self.get_provider()} sent a response without an answer.")


def _public(url: str) -> str:
    """The address without user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")


__all__ = ["OpenAIBase"]
