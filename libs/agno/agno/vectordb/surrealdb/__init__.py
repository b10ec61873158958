"""SurrealDB: `pip install 'agno[surrealdb]'`."""

from agno.vectordb.surrealdb.surrealdb import SurrealDb

__all__ = ["SurrealDb"]
