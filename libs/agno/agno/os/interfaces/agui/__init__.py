"""AG-UI: the protocol between agents and web pages. Needs `pip install "agno[agui]"`."""

from agno.os.interfaces.agui.agui import AGUI

__all__ = ["AGUI"]
