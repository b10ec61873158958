"""A LightRAG server; nothing has to be installed."""

from agno.vectordb.lightrag.lightrag import LightRag

__all__ = ["LightRag"]
