"""ClickHouse: `pip install 'agno[clickhouse]'`."""

from agno.vectordb.clickhouse.clickhouse import Clickhouse
from agno.vectordb.clickhouse.index import HNSW
from agno.vectordb.distance import Distance

__all__ = ["HNSW", "Clickhouse", "Distance"]
