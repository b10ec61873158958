"""Settings as data, and back."""

from agno.registry._reading import Reader
from agno.registry._writing import Writer

__all__ = ["Reader", "Writer"]
