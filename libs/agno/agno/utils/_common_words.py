"""English words that are in every text, and so tell nothing about what a text is about."""

from __future__ import annotations

_COMMON = """
a about an and any are as at be been but by can could did do does for from get had has have how i if in into is it its me my no
not of on or our please should show so tell than that the their them then there these they this to use used using was we were
what when where which who why will with without work works would you your
"""
COMMON_WORDS = frozenset(_COMMON.split())

__all__ = ["COMMON_WORDS"]
