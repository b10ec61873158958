"""Logging: one logger per kind of component, silent about content unless asked."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from agno.utils.secrets import WithoutSecrets

_FORMAT = "%(levelname)s %(name)s: %(message)s"
_without_secrets = WithoutSecrets()
_debug_level = 1
_shown: ContextVar[int] = ContextVar("agno_debug_level", default=0)


def _build(name: str) -> logging.Logger:
    built = logging.getLogger(name)
    if not built.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        built.addHandler(handler)
        built.addFilter(_without_secrets)
        built.propagate = False
        built.setLevel(logging.DEBUG if os.environ.get("AGNO_DEBUG", "").lower() == "true" else logging.INFO)
    return built


agent_logger = _build("agno")
team_logger = _build("agno-team")
workflow_logger = _build("agno-workflow")
logger = agent_logger
_by_source = {"agent": agent_logger, "team": team_logger, "workflow": workflow_logger}


def configure_agno_logging(
    custom_default_logger: logging.Logger | None = None,
    custom_agent_logger: logging.Logger | None = None,
    custom_team_logger: logging.Logger | None = None,
    custom_workflow_logger: logging.Logger | None = None,
) -> None:
    """Send our log lines to loggers of your own."""
    global logger, agent_logger, team_logger, workflow_logger
    for given in (custom_default_logger, custom_agent_logger, custom_team_logger, custom_workflow_logger):
        if given is not None:
            given.addFilter(_without_secrets)
    if custom_agent_logger is not None:
        agent_logger = custom_agent_logger
    if custom_team_logger is not None:
        team_logger = custom_team_logger
    if custom_workflow_logger is not None:
        workflow_logger = custom_workflow_logger
    _by_source.update(agent=agent_logger, team=team_logger, workflow=workflow_logger)
    logger = custom_default_logger or agent_logger


def use_agent_logger() -> None:
    """From now on, `log_info` and its siblings write to the logger of agents."""
    _use("agent")


def use_team_logger() -> None:
    """From now on, `log_info` and its siblings write to the logger of teams."""
    _use("team")


def use_workflow_logger() -> None:
    """From now on, `log_info` and its siblings write to the logger of workflows."""
    _use("workflow")


def _use(source: str) -> None:
    global logger
    logger = _by_source[source]


def _set_level(level: int, source_type: str | None) -> None:
    for source, target in _by_source.items():
        if source_type in (None, source):
            target.setLevel(level)


def set_log_level_to_debug(source_type: str | None = None, level: int = 1) -> None:
    """Show debug lines of one kind of component, or of all; level 2 shows the detailed ones too."""
    global _debug_level
    _debug_level = level
    _set_level(logging.DEBUG, source_type)


def set_log_level_to_info(source_type: str | None = None) -> None:
    """Show information, warnings and errors."""
    _set_level(logging.INFO, source_type)


def set_log_level_to_warning(source_type: str | None = None) -> None:
    """Show warnings and errors."""
    _set_level(logging.WARNING, source_type)


def set_log_level_to_error(source_type: str | None = None) -> None:
    """Show errors only."""
    _set_level(logging.ERROR, source_type)


def log_debug(msg: Any, center: bool = False, symbol: str = "*", log_level: int = 1, *args: Any, **kwargs: Any) -> None:
    """Log a debug line; `center` makes it a banner, `log_level=2` shows it only at debug level 2."""
    enabled = logger.isEnabledFor(logging.DEBUG)
    if log_level > max(_shown.get(), _debug_level if enabled else 0):
        return
    text = f" {msg} ".center(80, symbol) if center else msg
    if enabled:
        logger.debug(text, *args, **kwargs)
    else:  # asked for here only, so the level stays as it is
        logger.handle(logger.makeRecord(logger.name, logging.DEBUG, __file__, 0, text, args, None))


@contextmanager
def debug_lines(level: int) -> Iterator[None]:
    """Show the debug lines that are written inside of this block, whatever the level of the logger."""
    before = _shown.set(max(level, _shown.get()))
    try:
        yield
    finally:
        _shown.reset(before)


def log_info(msg: Any, center: bool = False, symbol: str = "*", *args: Any, **kwargs: Any) -> None:
    """Log a line of level INFO; `center` makes it a banner."""
    logger.info(f" {msg} ".center(80, symbol) if center else msg, *args, **kwargs)


def log_warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a warning."""
    logger.warning(msg, *args, **kwargs)


def log_error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log an error."""
    logger.error(msg, *args, **kwargs)


def log_exception(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log an error with the traceback of the exception that is being handled."""
    logger.exception(msg, *args, **kwargs)
