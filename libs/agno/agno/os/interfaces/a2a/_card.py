"""Agent cards: what a component can do, where it is reached, and how callers say who they are."""

from __future__ import annotations

from typing import Any

from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)

from agno.media import File
from agno.os._bodies import UPLOAD_TYPES
from agno.os._describing import tools_of

_TEXT = ["text/plain", "application/json"]
_READ = [*_TEXT, *sorted({*UPLOAD_TYPES, *File.valid_mime_types()} - set(_TEXT))]


def card_of(component: Any, url: str, os: Any = None, *, extended: bool = False) -> AgentCard:
    """The card of a component that is reached at `url`; the extended one has its tools, members and steps as skills, too."""
    name = component.name or component.id
    kind = component.session_type
    description = component.description or getattr(component, "role", None) or f"The {kind} {name}."
    first = AgentSkill(
        id=component.id, name=name, description=description, tags=[kind], examples=_examples(os, component)
    )
    card = AgentCard(
        name=name,
        description=description,
        version=os.shown_version if os is not None else "1.0.0",
        supported_interfaces=[
            AgentInterface(url=address, protocol_binding=binding, protocol_version=version)
            for address, binding, version in (
                (url, "JSONRPC", "1.0"),
                (f"{url}/v1", "HTTP+JSON", "1.0"),
                (url, "JSONRPC", "0.3"),
                (url, "HTTP+JSON", "0.3"),
            )
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=False, extended_agent_card=True),
        default_input_modes=_READ,
        default_output_modes=_TEXT,
        skills=[first, *(_inner_skills(component) if extended else ())],
    )
    if os is not None and os.guard.is_closed:
        _secure(card, "JWT" if os.authentication == "jwt" else "")
    return card


def _examples(os: Any, component: Any) -> list[str]:
    chat = os.config.chat if os is not None and os.config is not None else None
    return list(chat.quick_prompts.get(component.id, ())) if chat is not None else []


def _secure(card: AgentCard, token_format: str) -> None:
    scheme = HTTPAuthSecurityScheme(scheme="Bearer", bearer_format=token_format)
    card.security_schemes["bearer"].CopyFrom(SecurityScheme(http_auth_security_scheme=scheme))
    card.security_requirements.append(SecurityRequirement(schemes={"bearer": StringList()}))


def _inner_skills(component: Any) -> list[AgentSkill]:
    found = [("tool", one["name"], one.get("description")) for one in _tools(component) if one.get("name")]
    members = getattr(component, "members", None)
    for member in members if isinstance(members, (list, tuple)) else ():
        found.append(("member", member.name or member.id, getattr(member, "role", None) or member.description))
    found += [
        ("step", node.name, getattr(node, "description", None)) for node in getattr(component, "nodes", None) or ()
    ]
    return [
        AgentSkill(id=f"{kind}:{name}", name=name, description=text or f"The {kind} {name}.", tags=[kind])
        for kind, name, text in found
        if name
    ]


def _tools(component: Any) -> list[dict[str, Any]]:
    return tools_of(component) or [] if component.session_type != "workflow" else []


__all__ = ["card_of"]
