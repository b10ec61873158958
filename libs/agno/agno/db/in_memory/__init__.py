"""The database that ends with the process."""

from agno.db.in_memory.in_memory_db import InMemoryDb

__all__ = ["InMemoryDb"]
