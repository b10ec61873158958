"""What an AgentOS refuses, by its status. Not to be reached at all is `agno.exceptions.RemoteServerUnavailableError`."""

from __future__ import annotations

from typing import Any

from agno.exceptions import AgnoError


class AgentOSError(AgnoError):
    """The service answered with an error. `detail` is what it says, `error_id` what its log has more about."""

    def __init__(self, message: str, status_code: int = 500, detail: Any = None, error_id: str | None = None) -> None:
        super().__init__(message, status_code)
        self.detail = detail
        self.error_id = error_id


class AuthenticationError(AgentOSError):
    """401: the key or token is missing or wrong."""


class PermissionDeniedError(AgentOSError):
    """403: the token does not allow this."""


class NotFoundError(AgentOSError):
    """404: it is not there, or another user's."""


class ConflictError(AgentOSError):
    """409: it exists already, or is in a state that does not allow this."""


class InvalidRequestError(AgentOSError):
    """400, 408, 413, 415, 422: the request is not valid. `detail` names the fields."""


class RateLimitedError(AgentOSError):
    """429: too many requests."""


class RemoteRunError(AgentOSError):
    """The run failed where it ran."""


_BY_STATUS: dict[int, type[AgentOSError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
    **dict.fromkeys((400, 408, 413, 415, 422), InvalidRequestError),
}


def error_of(status: int, body: Any, asked: str) -> AgentOSError:
    """The exception for an answer. `asked` is the request, as "GET /agents"."""
    facts = body if isinstance(body, dict) else {"detail": body}
    detail, error_id = facts.get("detail"), facts.get("error_id")
    told = detail if isinstance(detail, str) else _fields(detail)
    text = f"{asked} was refused with status {status}: {told or 'no reason was given'}"
    if error_id:
        text += f" (error_id {error_id})"
    return _BY_STATUS.get(status, AgentOSError)(text, status, detail, error_id)


def _fields(detail: Any) -> str:
    """A sentence of a list of wrong fields."""
    if not isinstance(detail, list):
        return str(detail or "")
    found = [one for one in detail if isinstance(one, dict)]
    return "; ".join(f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}" for one in found)


__all__ = [
    "AgentOSError",
    "AuthenticationError",
    "ConflictError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RemoteRunError",
    "error_of",
]
