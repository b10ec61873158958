"""Where this machine seems to be, from its public address. Asked for only by `add_location_to_context`."""

from __future__ import annotations

from typing import Any

from agno.utils.http import fetch
from agno.utils.log import log_warning


def get_location() -> dict[str, Any]:
    """City, region and country, or an empty dict when the lookup fails."""
    try:
        address = fetch("https://api.ipify.org?format=json", timeout=3).json()["ip"]
        facts = fetch(f"http://ip-api.com/json/{address}", timeout=3).json()
    except Exception as error:  # the place is a courtesy; httpx's errors are not loaded here
        log_warning(f"add_location_to_context: the location could not be looked up ({error})")
        return {}
    return {"city": facts.get("city"), "region": facts.get("regionName"), "country": facts.get("country")}


__all__ = ["get_location"]
