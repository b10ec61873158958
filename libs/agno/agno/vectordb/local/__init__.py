"""A vector database in one SQLite file, without any package."""

from agno.vectordb.local.local import LocalVectorDb

__all__ = ["LocalVectorDb"]
