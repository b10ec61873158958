"""Content that lies in buckets and on other file systems."""

from agno.knowledge.remote_content.remote_content import (
    FsspecContent,
    GCSContent,
    GitHubContent,
    RemoteContent,
    RemoteObject,
    S3Content,
)

__all__ = ["FsspecContent", "GCSContent", "GitHubContent", "RemoteContent", "RemoteObject", "S3Content"]
