"""Records that databases keep besides sessions."""

from agno.db.schemas.culture import CulturalKnowledge
from agno.db.schemas.evals import EvalFilterType, EvalRunRecord, EvalType
from agno.db.schemas.knowledge import KnowledgeRow
from agno.db.schemas.memory import UserMemory

__all__ = ["CulturalKnowledge", "EvalFilterType", "EvalRunRecord", "EvalType", "KnowledgeRow", "UserMemory"]
