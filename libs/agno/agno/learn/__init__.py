"""Learning: what an agent keeps from its conversations, in stores that each know one kind of thing."""

from agno.learn.machine import LearningMachine
from agno.learn.stores import (
    DecisionLogStore,
    EntityMemoryStore,
    LearnedKnowledgeStore,
    LearningMode,
    LearningStore,
    SessionContextStore,
    UserMemoryStore,
    UserProfileStore,
)

__all__ = [
    "DecisionLogStore",
    "EntityMemoryStore",
    "LearnedKnowledgeStore",
    "LearningMachine",
    "LearningMode",
    "LearningStore",
    "SessionContextStore",
    "UserMemoryStore",
    "UserProfileStore",
]
