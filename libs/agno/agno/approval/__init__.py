"""`@approval`: calls of this tool need an approval that is kept on record."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from agno.tools.function import APPROVAL_MARK, Function


class ApprovalType(str, Enum):
    """`required`: the run continues only when the stored approval is resolved; `audit`: it is only recorded."""

    required = "required"
    audit = "audit"


def approval(target: Any = None, /, *, type: str | ApprovalType | None = None) -> Any:
    """Mark a tool: `@approval`, `@approval("audit")` or `@approval(type="audit")`, above or below `@tool`.

    It goes with a flag of the tool that makes it wait for a person; a required approval without one asks for a
    confirmation.
    """
    if isinstance(target, Function) or (callable(target) and not isinstance(target, str)):
        return _marked(target, ApprovalType.required if type is None else _kind(type))
    kind = _kind(target if target is not None else type if type is not None else ApprovalType.required)
    decorate: Callable[[Any], Any] = lambda tool: _marked(tool, kind)  # noqa: E731
    return decorate


def _kind(given: Any) -> ApprovalType:
    try:
        return ApprovalType(given)
    except ValueError:
        kinds = ", ".join(repr(kind.value) for kind in ApprovalType)
        raise ValueError(f"@approval got {given!r}; the types are {kinds}.") from None


def _marked(tool: Any, kind: ApprovalType) -> Any:
    if isinstance(tool, Function):
        marked = tool.model_copy()
        marked.require_approval(kind.value)
        return marked
    if not callable(tool):
        raise ValueError(f"@approval marks a tool or a function, not {tool!r}.")
    setattr(tool, APPROVAL_MARK, kind.value)
    return tool


__all__ = ["ApprovalType", "approval"]
