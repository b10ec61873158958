"""Stored components and their versions, as clients see them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from agno.os.schema._given import Given

Data = dict[str, Any]
Kind = Literal["agent", "team", "workflow"]
Stage = Literal["draft", "published"]


class StoredComponent(BaseModel):
    """A stored component. `current_version` is the one that is loaded, null while there are only drafts; times are epoch seconds."""

    component_id: str
    component_type: Kind
    name: str | None = None
    description: str | None = None
    current_version: int | None = None
    latest_version: int
    metadata: Data | None = None
    created_at: int
    updated_at: int | None = None


class StoredConfig(BaseModel):
    """A version of a component: its settings, as `to_dict` of an agent, a team or a workflow gives them."""

    component_id: str
    component_type: Kind
    version: int
    stage: Stage
    config: Data
    label: str | None = None
    notes: str | None = None
    created_at: int
    updated_at: int | None = None


class RegistryEntry(BaseModel):
    """An object that stored components may name."""

    name: str
    type: str
    description: str | None = None


class _Labelled(Given):
    label: str | None = Field(None, min_length=1, max_length=255)
    notes: str | None = Field(None, max_length=20_000)


class ConfigCreate(_Labelled):
    """A new version. With `set_current=false` a published one does not come into use either."""

    config: Data
    stage: Stage = "draft"
    set_current: bool = True


class ConfigUpdate(_Labelled):
    """What changes of a draft; `stage="published"` puts it in use."""

    config: Data | None = None
    stage: Stage | None = None


class ComponentCreate(_Labelled):
    """A new component with its first version. Without `component_id` it is made of the name."""

    name: str = Field(min_length=1, max_length=100)
    component_type: Kind
    component_id: str | None = Field(None, min_length=1, max_length=128, pattern=r"^[^/@\s]+$")
    description: str | None = None
    metadata: Data | None = None
    config: Data | None = None
    stage: Stage = "draft"
    set_current: bool = True


class ComponentUpdate(Given):
    """What changes of a component; what is not named stays. `current_version` is a published one."""

    name: str | None = Field(None, min_length=1, max_length=100)
    description: str | None = None
    metadata: Data | None = None
    current_version: int | None = Field(None, ge=1, le=2**31 - 1)


__all__ = [
    "ComponentCreate",
    "ComponentUpdate",
    "ConfigCreate",
    "ConfigUpdate",
    "Kind",
    "RegistryEntry",
    "StoredComponent",
    "StoredConfig",
]
