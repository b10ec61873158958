"""Debug logging for everything."""

from __future__ import annotations

from agno.utils.log import set_log_level_to_debug, set_log_level_to_info


def enable_debug_mode() -> None:
    """Show debug lines of all components."""
    set_log_level_to_debug()


def disable_debug_mode() -> None:
    """Back to information, warnings and errors."""
    set_log_level_to_info()
