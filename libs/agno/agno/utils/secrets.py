"""Secrets that this process was given, and texts without them: providers repeat keys in what they say of a failure."""

from __future__ import annotations

import logging
import re
from functools import cache

_SHORTEST = 16  # characters; what is shorter is no key, and in texts by chance
_MOST = 1_000
_known: dict[str, None] = {}  # the newest at the end
_HIDDEN = "***"
_LOOKS = (  # like a key, a token or a password; and what stays of it
    (r"\b(sk|pk|rk|xox[abprs]|gh[pousr]|glpat|AIza|AKIA|hf)([-_]?)[A-Za-z0-9_\-]{12,}", _HIDDEN),
    (r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*", _HIDDEN),  # JSON web tokens
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}", rf"\1 {_HIDDEN}"),
    (r"([a-zA-Z][\w+.\-]*://[^\s/:@]*:)[^\s/@]+@", rf"\1{_HIDDEN}@"),
    (
        r"""(?ix)(["']?[\w\-]*(?:api[_-]?key|secret|passw(?:or)?d|access[_-]?key|auth[_-]?token|access[_-]?token)
        [\w\-]*["']?\s*[=:]\s*["']?)(?!\*\*\*)[^\s"',;&)}]{3,}""",
        rf"\1{_HIDDEN}",
    ),
)


def keep_secret(text: str | None) -> None:
    """Remember a key, a token or a password; from now on no log line of ours and no error of a provider has it."""
    if text is None or len(text) < _SHORTEST:
        return
    _known.pop(text, None)
    _known[text] = None
    if len(_known) > _MOST:
        del _known[next(iter(_known))]


def without_secrets(text: str) -> str:
    """The text, with `***` in place of each secret that is known, and of what looks like one."""
    for secret in list(_known):
        if secret in text:
            text = text.replace(secret, _HIDDEN)
    for pattern, instead in _patterns():
        text = pattern.sub(instead, text)
    return text


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:  # compiled when a text is there: importing this costs nothing
    return [(re.compile(pattern), instead) for pattern, instead in _LOOKS]


class WithoutSecrets(logging.Filter):
    """Takes secrets out of log lines and of the tracebacks below them."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (clean := without_secrets(message)) != message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = without_secrets(self._formatter.formatException(record.exc_info))
        return True


__all__ = ["WithoutSecrets", "keep_secret", "without_secrets"]
