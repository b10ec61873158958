"""DuckDB: `pip install 'agno[duckdb]'`."""

from agno.vectordb.duckdb.duckdb import DuckDb

__all__ = ["DuckDb"]
