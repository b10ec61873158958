"""JSON objects in a bucket of Google Cloud Storage."""

from agno.db.gcs_json.gcs_json_db import GCSJsonDb, GcsJsonDb

__all__ = ["GCSJsonDb", "GcsJsonDb"]
