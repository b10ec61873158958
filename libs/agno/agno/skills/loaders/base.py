"""What a source of skills is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from agno.skills.skill import Skill
from agno.utils.rebuild import Rebuildable


class SkillLoader(Rebuildable, ABC):
    """A source of skills."""

    @abstractmethod
    def load(self) -> list[Skill]:
        """All skills of this source. Raises SkillError for one that cannot be used."""


__all__ = ["SkillLoader"]
