"""The protocol of Vercel's AI SDK, for pages with `useChat`."""

from agno.os.interfaces.vercel.vercel import Vercel

__all__ = ["Vercel"]
