"""A component in WhatsApp."""

from agno.os.interfaces.whatsapp.whatsapp import Whatsapp

__all__ = ["Whatsapp"]
