"""Skills: instructions in folders, which a model loads when it needs them."""

from agno.skills.agent_skills import Skills
from agno.skills.errors import SkillError, SkillParseError, SkillValidationError
from agno.skills.loaders import LocalSkills, SkillLoader
from agno.skills.skill import Skill

__all__ = ["LocalSkills", "Skill", "SkillError", "SkillLoader", "SkillParseError", "SkillValidationError", "Skills"]
