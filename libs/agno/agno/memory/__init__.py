"""What is remembered about users."""

from agno.db.schemas.memory import UserMemory
from agno.memory.manager import MemoryManager

__all__ = ["MemoryManager", "UserMemory"]
