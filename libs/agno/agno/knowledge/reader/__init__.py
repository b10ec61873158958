"""Readers: files, pages and topics as documents."""

from agno.knowledge.reader.base import Reader, ReaderError

__all__ = ["Reader", "ReaderError"]
