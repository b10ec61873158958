"""Fetching a URL. httpx is loaded at the first download: importing it costs more than importing agno's agents."""

from __future__ import annotations

from typing import Any


def fetch(url: str, timeout: float = 30.0) -> Any:
    """GET a URL, following redirects; an httpx response. Raises httpx.HTTPError for a failure or an error status."""
    import httpx

    response = httpx.get(url, follow_redirects=True, timeout=timeout)
    response.raise_for_status()
    return response


__all__ = ["fetch"]
