"""A vector store or retriever of LangChain: `pip install langchain-core` and the store's own package."""

from agno.vectordb.langchaindb.langchaindb import LangChainVectorDb

__all__ = ["LangChainVectorDb"]
