"""What AgentOS tells its user interfaces: names, models to choose from, prompts to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

_MOST_PROMPTS = 3


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EvalsDomainConfig(_Config):
    """How evaluations of one database are shown."""

    display_name: str | None = None
    available_models: list[str] | None = None


class SessionDomainConfig(_Config):
    """How sessions of one database are shown."""

    display_name: str | None = None


class KnowledgeDomainConfig(_Config):
    """How the knowledge of one database is shown."""

    display_name: str | None = None


class MetricsDomainConfig(_Config):
    """How the metrics of one database are shown."""

    display_name: str | None = None


class MemoryDomainConfig(_Config):
    """How the memories of one database are shown."""

    display_name: str | None = None


D = TypeVar("D", bound=BaseModel)


class DatabaseConfig(_Config, Generic[D]):
    """What is configured for one database of a domain."""

    db_id: str
    domain_config: D | None = None


class EvalsConfig(EvalsDomainConfig):
    """Evaluations: for all databases, and for single ones."""

    dbs: list[DatabaseConfig[EvalsDomainConfig]] | None = None


class SessionConfig(SessionDomainConfig):
    """Sessions: for all databases, and for single ones."""

    dbs: list[DatabaseConfig[SessionDomainConfig]] | None = None


class MemoryConfig(MemoryDomainConfig):
    """Memories: for all databases, and for single ones."""

    dbs: list[DatabaseConfig[MemoryDomainConfig]] | None = None


class KnowledgeConfig(KnowledgeDomainConfig):
    """Knowledge: for all databases, and for single ones."""

    dbs: list[DatabaseConfig[KnowledgeDomainConfig]] | None = None


class MetricsConfig(MetricsDomainConfig):
    """Metrics: for all databases, and for single ones."""

    dbs: list[DatabaseConfig[MetricsDomainConfig]] | None = None


class ChatConfig(_Config):
    """`quick_prompts`: up to three texts to begin with, by the id of an agent, team or workflow."""

    quick_prompts: dict[str, list[str]]

    @field_validator("quick_prompts")
    @classmethod
    def _at_most_three(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        for component_id, prompts in given.items():
            if len(prompts) > _MOST_PROMPTS:
                raise ValueError(
                    f"quick_prompts of {component_id!r} has {len(prompts)} prompts; {_MOST_PROMPTS} are shown at most."
                )
        return given


class AgentOSConfig(_Config):
    """The configuration of an AgentOS, given as an object or as a YAML file with these keys."""

    available_models: list[str] | None = None
    chat: ChatConfig | None = None
    evals: EvalsConfig | None = None
    knowledge: KnowledgeConfig | None = None
    memory: MemoryConfig | None = None
    session: SessionConfig | None = None
    metrics: MetricsConfig | None = None


def load_config(given: AgentOSConfig | str | Path | None) -> AgentOSConfig | None:
    """The configuration, read if `given` is the path of a YAML file. ValueError for anything else, or for what it holds."""
    if given is None or isinstance(given, AgentOSConfig):
        return given
    path = Path(given)
    if path.suffix not in (".yaml", ".yml"):
        raise ValueError(f"config={str(given)!r} is no YAML file: its name must end with .yaml or .yml.")
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return AgentOSConfig.model_validate(data if data is not None else {})
    except (ValidationError, yaml.YAMLError) as error:
        raise ValueError(f"config={str(given)!r} cannot be used: {error}") from error


__all__ = [
    "AgentOSConfig",
    "ChatConfig",
    "DatabaseConfig",
    "EvalsConfig",
    "EvalsDomainConfig",
    "KnowledgeConfig",
    "KnowledgeDomainConfig",
    "MemoryConfig",
    "MemoryDomainConfig",
    "MetricsConfig",
    "MetricsDomainConfig",
    "SessionConfig",
    "SessionDomainConfig",
    "load_config",
]
