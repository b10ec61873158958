"""SingleStore: `pip install 'agno[singlestore]'`."""

from agno.vectordb.distance import Distance
from agno.vectordb.singlestore.singlestore import SingleStore

__all__ = ["Distance", "SingleStore"]
