"""Cassandra 5: `pip install 'agno[cassandra]'`."""

from agno.vectordb.cassandra.cassandra import Cassandra

__all__ = ["Cassandra"]
