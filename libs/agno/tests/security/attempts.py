"""Who is who, and what an attempt of one of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ANN, BOB = "ann-the-owner", "bob-the-other"
KINDS = {"agent": "helper", "team": "crew", "workflow": "flow"}
GONE, NOT_HIS, FINE = (404,), (403,), (200, 201, 202, 204)


@dataclass
class Attempt:
    """A request of Bob, and the statuses that are right. `owner`: Ann asks the same, and meets her own."""

    path: str
    statuses: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    owner: bool = False
    claims: dict[str, Any] = field(default_factory=dict)
    says: str = ""  # what is in the answer


def attempt(
    path: str, statuses: tuple[int, ...], owner: bool = False, claims: Any = None, says: str = "", **options: Any
) -> Attempt:
    return Attempt(path, statuses, options, owner, claims or {}, says)
