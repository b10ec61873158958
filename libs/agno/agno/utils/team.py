"""How a team calls its members."""

from __future__ import annotations

from typing import Any

from agno.utils.string import is_valid_uuid, url_safe_string


def get_member_id(member: Any) -> str | None:
    """The id under which a leader knows a member: its own, unless that is a UUID, else its name; both in URL-safe form."""
    own = member.__dict__.get("id")
    if own is not None and not is_valid_uuid(str(own)):
        return url_safe_string(str(own))
    if member.name is not None:
        return url_safe_string(member.name)
    found: str | None = getattr(member, "id", None)
    return found


__all__ = ["get_member_id"]
