"""Firestore of Google Cloud."""

from agno.db.firestore.firestore import FirestoreDb

__all__ = ["FirestoreDb"]
