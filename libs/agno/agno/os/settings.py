"""What of AgentOS is set by the environment, or by an object in place of it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AgnoAPISettings(BaseSettings):
    """Settings of the API. What is not given is read from environment variables of the same name (`OS_SECURITY_KEY`, ...)."""

    model_config = SettingsConfigDict(env_prefix="", case_sensitive=False, extra="ignore")

    env: str = "dev"
    docs_enabled: bool = True
    """Whether /docs, /redoc and /openapi.json are there."""
    os_security_key: str | None = Field(default=None, repr=False)
    """The key that every request carries as `Authorization: Bearer <key>`; without one, the service is open."""
    cors_origin_list: list[str] | None = None
    """Web pages of these origins may call the service from a browser."""


__all__ = ["AgnoAPISettings"]
