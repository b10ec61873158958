"""Parts of an agent that lie in a module, as a user's do."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from agno.tools import tool
from agno.tools.toolkit import Toolkit


class Order(BaseModel):
    number: int


def find_order(number: int) -> str:
    """Find an order."""
    return f"order {number}"


@tool(requires_confirmation=True)
def refund(number: int) -> str:
    """Give the money back."""
    return f"refunded {number}"


def polite(run_input: Any) -> None:
    run_input.input_content += ", please"


class Stock(Toolkit):
    def __init__(self, place: str, api_key: str | None = None, **settings: Any) -> None:
        self.place = place
        super().__init__(name="stock", tools=[self.count], **settings)

    def count(self) -> str:
        """Count what is there."""
        return f"7 in {self.place}"
