"""A retriever of LlamaIndex: `pip install llama-index-core` and what the index needs."""

from agno.vectordb.llamaindex.llamaindexdb import LlamaIndexVectorDb

__all__ = ["LlamaIndexVectorDb"]
