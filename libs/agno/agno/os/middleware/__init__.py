"""Middleware for AgentOS and other ASGI apps."""
