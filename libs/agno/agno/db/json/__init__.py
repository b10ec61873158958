"""JSON files in a folder: no server, no driver, and people can read them."""

from agno.db.json.json_db import JsonDb

__all__ = ["JsonDb"]
