"""What models cost: list prices in US dollars, as they were known on `PRICES_AS_OF`, and yours beside or above them.

Providers change prices, and yours may differ from the list. A model that is not known here costs None, never 0. Not
considered: discounts for batches, surcharges for long contexts, for audio, for tools of the provider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from agno.models.metrics import Metrics

PRICES_AS_OF = date(2025, 12, 1)
_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens. What has no price of its own costs what an input token costs.

    `cached_apart`: tokens read from and written to the provider's cache are not among the input tokens it reports.
    """

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    cached_apart: bool = False

    def of(self, usage: Metrics) -> float | None:
        """What was used, in dollars; None if audio is a part of it, which has other prices."""
        if usage.audio_input_tokens or usage.audio_output_tokens or usage.audio_total_tokens:
            return None
        read, written = usage.cache_read_tokens, usage.cache_write_tokens
        fresh = usage.input_tokens if self.cached_apart else max(0, usage.input_tokens - read - written)
        cost = fresh * self.input + usage.output_tokens * self.output
        cost += read * (self.input if self.cache_read is None else self.cache_read)
        cost += written * (self.input if self.cache_write is None else self.cache_write)
        return cost / _MILLION


def _claude(input: float, output: float, read: float, write: float) -> Price:
    return Price(input, output, read, write, cached_apart=True)


# by provider, as models name it, and id
PRICES: dict[tuple[str, str], Price] = {
    ("OpenAI", "gpt-5"): Price(1.25, 10, 0.125),
    ("OpenAI", "gpt-5-mini"): Price(0.25, 2, 0.025),
    ("OpenAI", "gpt-5-nano"): Price(0.05, 0.4, 0.005),
    ("OpenAI", "gpt-4.1"): Price(2, 8, 0.5),
    ("OpenAI", "gpt-4.1-mini"): Price(0.4, 1.6, 0.1),
    ("OpenAI", "gpt-4.1-nano"): Price(0.1, 0.4, 0.025),
    ("OpenAI", "gpt-4o"): Price(2.5, 10, 1.25),
    ("OpenAI", "gpt-4o-2024-05-13"): Price(5, 15),
    ("OpenAI", "gpt-4o-mini"): Price(0.15, 0.6, 0.075),
    ("OpenAI", "gpt-4-turbo"): Price(10, 30),
    ("OpenAI", "gpt-3.5-turbo"): Price(0.5, 1.5),
    ("OpenAI", "o1"): Price(15, 60, 7.5),
    ("OpenAI", "o3"): Price(2, 8, 0.5),
    ("OpenAI", "o3-mini"): Price(1.1, 4.4, 0.55),
    ("OpenAI", "o4-mini"): Price(1.1, 4.4, 0.275),
    ("Anthropic", "claude-opus-4-5"): _claude(5, 25, 0.5, 6.25),
    ("Anthropic", "claude-opus-4-1"): _claude(15, 75, 1.5, 18.75),
    ("Anthropic", "claude-opus-4-0"): _claude(15, 75, 1.5, 18.75),
    ("Anthropic", "claude-opus-4"): _claude(15, 75, 1.5, 18.75),
    ("Anthropic", "claude-sonnet-4-5"): _claude(3, 15, 0.3, 3.75),
    ("Anthropic", "claude-sonnet-4-0"): _claude(3, 15, 0.3, 3.75),
    ("Anthropic", "claude-sonnet-4"): _claude(3, 15, 0.3, 3.75),
    ("Anthropic", "claude-3-7-sonnet"): _claude(3, 15, 0.3, 3.75),
    ("Anthropic", "claude-3-5-sonnet"): _claude(3, 15, 0.3, 3.75),
    ("Anthropic", "claude-haiku-4-5"): _claude(1, 5, 0.1, 1.25),
    ("Anthropic", "claude-3-5-haiku"): _claude(0.8, 4, 0.08, 1),
    ("Anthropic", "claude-3-opus"): _claude(15, 75, 1.5, 18.75),
    ("Anthropic", "claude-3-haiku"): _claude(0.25, 1.25, 0.03, 0.3),
    ("Google", "gemini-2.5-flash"): Price(0.3, 2.5),
    ("Google", "gemini-2.5-flash-lite"): Price(0.1, 0.4),
    ("Google", "gemini-2.0-flash"): Price(0.1, 0.4, 0.025),
}
_own: dict[str, Price | None] = {}
_VERSION = re.compile(r"-(\d{8}|\d{4}-\d\d-\d\d|latest|001|002)$")


def set_price(model_id: str, price: Price | None) -> None:
    """Say what a model costs you, whoever serves it; wins over the list. None: its cost is not known."""
    _own[model_id] = price


def forget_prices() -> None:
    """Take back all that `set_price` said."""
    _own.clear()


def price_of(model_id: str, provider: str | None) -> Price | None:
    """The price of a model; a dated version of one costs the same, if it has no price of its own. None if not known."""
    if model_id in _own:
        return _own[model_id]
    named = provider or ""
    return PRICES.get((named, model_id)) or PRICES.get((named, _VERSION.sub("", model_id)))


def cost_of(usage: Metrics, model_id: str, provider: str | None) -> float | None:
    """What was used of a model, in US dollars: what the provider said, else by its price; None if that is not known."""
    if usage.cost is not None:
        return usage.cost
    price = price_of(model_id, provider)
    return price.of(usage) if price is not None else None


__all__ = ["PRICES", "PRICES_AS_OF", "Price", "cost_of", "forget_prices", "price_of", "set_price"]
