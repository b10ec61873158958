"""PostgreSQL: `pip install 'agno[postgres]'`."""

from agno.db.postgres.async_postgres import AsyncPostgresDb
from agno.db.postgres.postgres import PostgresDb

__all__ = ["AsyncPostgresDb", "PostgresDb"]
