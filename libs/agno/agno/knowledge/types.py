"""Kinds of content."""

from __future__ import annotations

from enum import Enum


class ContentType(str, Enum):
    """What a reader reads: a kind of source, or the suffix of a file."""

    FILE = "file"
    URL = "url"
    TEXT = "text"
    TOPIC = "topic"
    YOUTUBE = "youtube"

    PDF = ".pdf"
    TXT = ".txt"
    MARKDOWN = ".md"
    DOCX = ".docx"
    DOC = ".doc"
    JSON = ".json"
    CSV = ".csv"
    XLSX = ".xlsx"
    XLS = ".xls"
    PPTX = ".pptx"
    HTML = ".html"


__all__ = ["ContentType"]
