"""Chroma: `pip install 'agno[chroma]'`."""

from agno.vectordb.chroma.chromadb import ChromaDb

__all__ = ["ChromaDb"]
