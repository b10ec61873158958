"""Middleware for AgentOS and other ASGI apps."""

from agno.os.middleware.jwt import JWTMiddleware

__all__ = ["JWTMiddleware"]
