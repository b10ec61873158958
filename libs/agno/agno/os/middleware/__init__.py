"""Middleware for AgentOS and other ASGI apps, and the settings of JSON web tokens."""

from agno.os._tokens import JWTSettings
from agno.os.middleware.jwt import JWTMiddleware

__all__ = ["JWTMiddleware", "JWTSettings"]
