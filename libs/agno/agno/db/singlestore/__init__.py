"""SingleStore: `pip install 'agno[singlestore]'`."""

from agno.db.singlestore.singlestore import SingleStoreDb

__all__ = ["SingleStoreDb"]
