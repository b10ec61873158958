"""JSON objects in a bucket of Google Cloud Storage."""

from agno.db.gcs_json.gcs_json_db import GcsJsonDb

GCSJsonDb = GcsJsonDb  # the name in the changelog

__all__ = ["GCSJsonDb", "GcsJsonDb"]
