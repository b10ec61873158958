"""Vectors in a dict."""

from __future__ import annotations

from agno.vectordb.in_memory import InMemoryVectorDb
from vectordb.contract import VectorDbContract


class TestInMemoryVectorDb(VectorDbContract):
    stores: dict[str, InMemoryVectorDb] = {}

    def make(self, name, **options):
        made = InMemoryVectorDb(**options)
        first = self.stores.setdefault(name, made)
        made._shared = first._shared  # two objects over the same rows, as with a server
        return made
