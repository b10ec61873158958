"""A stand-in for a language model: no key, no server."""

from agno.models.offline.offline import OfflineModel

__all__ = ["OfflineModel"]
