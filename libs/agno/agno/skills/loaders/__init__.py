"""Where skills come from."""

from agno.skills.loaders.base import SkillLoader
from agno.skills.loaders.local import LocalSkills

__all__ = ["LocalSkills", "SkillLoader"]
