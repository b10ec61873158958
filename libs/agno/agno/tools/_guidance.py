"""What a toolkit tells the model about its tools."""

from __future__ import annotations


def guidance(instructions: str, examples: str, add_few_shot: bool) -> str:
    """The instructions, with examples of calls behind them if those are wanted."""
    return f"{instructions}\n\n{examples}" if add_few_shot else instructions


__all__ = ["guidance"]
