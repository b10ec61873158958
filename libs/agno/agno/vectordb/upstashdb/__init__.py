"""Upstash Vector: `pip install 'agno[upstash]'`."""

from agno.vectordb.upstashdb.upstashdb import UpstashVectorDb

__all__ = ["UpstashVectorDb"]
