"""Taking secrets out of texts that leave the program as logs or traces."""

from __future__ import annotations

import re

_HIDDEN = "***"
_PATTERNS = (
    (re.compile(r"\b(sk|pk|rk|xox[abprs]|gh[pousr]|glpat|AIza|AKIA|hf)([-_]?)[A-Za-z0-9_\-]{12,}"), _HIDDEN),
    (re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*"), _HIDDEN),  # JSON web tokens
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"([a-zA-Z][\w+.\-]*://[^\s/:@]*:)[^\s/@]+@"), rf"\1{_HIDDEN}@"),
    (
        re.compile(
            r"""(?ix)(["']?[\w\-]*(?:api[_-]?key|secret|passw(?:or)?d|access[_-]?key|auth[_-]?token|access[_-]?token)
            [\w\-]*["']?\s*[=:]\s*["']?)(?!\*\*\*)[^\s"',;&)}]{3,}"""
        ),
        rf"\1{_HIDDEN}",
    ),
)


def without_secrets(text: str) -> str:
    """The text with what looks like a key, a token or a password replaced by `***`."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


__all__ = ["without_secrets"]
