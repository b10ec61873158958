"""Pinecone: `pip install 'agno[pinecone]'`."""

from agno.vectordb.pineconedb.pineconedb import PineconeDb

__all__ = ["PineconeDb"]
