"""The client of an AgentOS, and what it refuses. Components that run there: `agno.agent.remote`, `agno.team.remote`,
`agno.workflow.remote`."""

from agno.client.client import AgentOSClient
from agno.client.exceptions import (
    AgentOSError,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RemoteRunError,
)
from agno.exceptions import RemoteServerUnavailableError

__all__ = [
    "AgentOSClient",
    "AgentOSError",
    "AuthenticationError",
    "ConflictError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RemoteRunError",
    "RemoteServerUnavailableError",
]
