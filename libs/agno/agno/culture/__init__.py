"""Culture: what all agents of an organisation share, whoever the user is."""

from agno.culture.manager import CultureManager
from agno.db.schemas.culture import CulturalKnowledge

__all__ = ["CulturalKnowledge", "CultureManager"]
