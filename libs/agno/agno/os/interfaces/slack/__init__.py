"""A component in Slack."""

from agno.os.interfaces.slack.slack import Slack

__all__ = ["Slack"]
