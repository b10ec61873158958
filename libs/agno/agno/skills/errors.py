"""What can be wrong with a skill."""

from __future__ import annotations

from collections.abc import Sequence

from agno.exceptions import AgnoError


class SkillError(AgnoError):
    """Base of the errors of skills."""


class SkillParseError(SkillError):
    """A `SKILL.md` that cannot be read."""


class SkillValidationError(SkillError):
    """A skill that breaks rules; `errors` lists them."""

    def __init__(self, message: str, errors: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors) or [message]


__all__ = ["SkillError", "SkillParseError", "SkillValidationError"]
