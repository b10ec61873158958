"""Personal data in the input."""

from __future__ import annotations

import re
from typing import Any

from agno.exceptions import CheckTrigger, InputCheckError
from agno.guardrails.base import BaseGuardrail, text_of

_SSN = r"\b\d{3}-\d{2}-\d{4}\b"
_CARD = r"\b(?:\d[ -]?){13,16}\b"
_EMAIL = r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"
_PHONE = r"(?<![\w-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\)|\d{3})[ .-]?\d{3}[ .-]?\d{4}\b"


class PIIDetectionGuardrail(BaseGuardrail):
    """Refuses input that holds personal data, or masks it with `*`. `custom_patterns` maps names to regular expressions."""

    def __init__(
        self,
        mask_pii: bool = False,
        enable_ssn_check: bool = True,
        enable_credit_card_check: bool = True,
        enable_email_check: bool = True,
        enable_phone_check: bool = True,
        custom_patterns: dict[str, str | re.Pattern[str]] | None = None,
    ) -> None:
        self.mask_pii = mask_pii
        chosen: list[tuple[bool, str, str]] = [
            (enable_ssn_check, "SSN", _SSN),
            (enable_credit_card_check, "Credit Card", _CARD),
            (enable_email_check, "Email", _EMAIL),
            (enable_phone_check, "Phone", _PHONE),
        ]
        self.pii_patterns = {name: re.compile(pattern) for wanted, name, pattern in chosen if wanted}
        self.pii_patterns.update({name: re.compile(pattern) for name, pattern in (custom_patterns or {}).items()})

    def check(self, run_input: Any) -> None:
        text = text_of(run_input)
        found = [name for name, pattern in self.pii_patterns.items() if pattern.search(text)]
        if not found:
            return
        if not self.mask_pii:
            raise InputCheckError(
                f"The input holds personal data ({', '.join(found)}).",
                check_trigger=CheckTrigger.PII_DETECTED,
                additional_data={"detected_pii": found},
            )
        for name in found:
            text = self.pii_patterns[name].sub(lambda match: "*" * len(match.group(0)), text)
        run_input.input_content = text


__all__ = ["PIIDetectionGuardrail"]
