"""Couchbase: `pip install 'agno[couchbase]'`."""

from agno.vectordb.couchbase.couchbase import CouchbaseSearch

__all__ = ["CouchbaseSearch"]
