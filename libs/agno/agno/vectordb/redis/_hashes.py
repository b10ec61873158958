"""Records as hashes of Redis, and conditions as queries of its search.

What is compared is a hash of letters and digits, so nothing in a query has to be escaped.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Sequence
from typing import Any

from agno.utils._common_words import COMMON_WORDS
from agno.vectordb._conditions import EVERYTHING, Compared, Field, Has, Node, said
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb._tags import ALWAYS, NEVER, TAGGED, asked, number_name, numbers_of, tag_of, tags_of, terms_of

_KEPT = ("id", "content", "name", "meta_data", "usage", "content_hash", "content_id")
READ = (*_KEPT, "embedding")
TAGS = ("terms", *(f"is_{name}" for name in TAGGED))
_RANGES = {">": "[({0} +inf]", ">=": "[{0} +inf]", "<": "[-inf ({0}]", "<=": "[-inf {0}]"}
_WORD = re.compile(r"\w+")


def hash_of(record: Record) -> dict[str, Any]:
    """The fields of a record. What is None has none."""
    row = flat(record)
    kept = {name: row[name] for name in _KEPT if row[name] is not None}
    tags = {"terms": ",".join(terms_of(record)), **tags_of(record)}
    numbers = {name: repr(value) for name, value in numbers_of(record).items()}
    return {**kept, **tags, **numbers, "embedding": packed(record.embedding or [])}


def record_of(fields: dict[str, Any]) -> Record:
    """The record of the fields named `READ`, as bytes."""
    vector = fields.pop("embedding", None)
    row = {name: value.decode() for name, value in fields.items() if name in READ}
    return read({**row, "embedding": None if vector is None else unpacked(vector)})


def packed(embedding: Sequence[float]) -> bytes:
    """A vector as 32-bit floats."""
    return struct.pack(f"<{len(embedding)}f", *embedding)


def unpacked(vector: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))


def worded(query: str, condition: str) -> str | None:
    """What has words of this text and fits; None if there is no word in it."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(query) if word.strip("_"))
    telling = [word for word in words if word not in COMMON_WORDS] or list(words)
    return f"(@content:({'|'.join(telling)}) {condition})" if telling else None


def condition_of(where: Node, numbers: Collection[str]) -> str:
    """Conditions as a query. `numbers` are the fields that the index knows; of others nothing holds."""
    return "*" if where == EVERYTHING else said(where, _Query(numbers))


class _Query:
    def __init__(self, numbers: Collection[str]) -> None:
        self.numbers = numbers

    def all(self, parts: list[str]) -> str:
        return f"({' '.join(parts)})" if parts else f"@terms:{{{ALWAYS}}}"

    def any(self, parts: list[str]) -> str:
        return f"({'|'.join(parts)})" if parts else f"@terms:{{{NEVER}}}"

    def no(self, part: str) -> str:
        return f"(@terms:{{{ALWAYS}}} -{part})"

    def has(self, condition: Has) -> str:
        return f"@terms:{{{tag_of(condition)}}}"

    def compared(self, condition: Compared) -> str:
        if (name := number_name(condition.field)) not in self.numbers:
            return self.any([])
        return f"@{name}:{_RANGES[condition.op].format(repr(float(condition.value)))}"

    def field(self, condition: Field) -> str:
        name, tags = asked(condition)
        return f"@{name}:{{{'|'.join(tags)}}}" if tags else self.any([])


# What the search answers, in both versions of the protocol -------------------------------------------------------------


def pairs(reply: Any) -> dict[str, Any]:
    """A map, or a list of names and values in turn."""
    items = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
    return {_text(name): value for name, value in items}


def found(reply: Any) -> list[dict[str, Any]]:
    """The fields of each hash that `FT.SEARCH` found, with its `score` if that was asked for."""
    if isinstance(reply, dict):
        results = [pairs(one) for one in pairs(reply)["results"]]
        scores = [{"score": one["score"]} if "score" in one else {} for one in results]
        return [{**score, **pairs(one["extra_attributes"])} for one, score in zip(results, scores, strict=True)]
    rest = reply[1:]
    step = 3 if len(rest) > 1 and not isinstance(rest[1], (list, dict)) else 2
    rows = [rest[at : at + step] for at in range(0, len(rest), step)]
    return [{**({"score": row[1]} if step == 3 else {}), **pairs(row[-1])} for row in rows]


def keys_of(reply: Any) -> list[Any]:
    """The keys that `FT.AGGREGATE` loaded."""
    rows = (
        [one["extra_attributes"] for one in map(pairs, pairs(reply)["results"])]
        if isinstance(reply, dict)
        else reply[1:]
    )
    return [pairs(row)["__key"] for row in rows]


def numbers_in(info: Any) -> set[str]:
    """The numbers that an index knows, from `FT.INFO`."""
    attributes = pairs(info)["attributes"]
    names = [
        _text(pairs(one)["attribute"]) if isinstance(one, dict) else _text(one[one.index(b"attribute") + 1])
        for one in attributes
    ]
    return {name for name in names if name[:2] in ("n_", "d_")}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


__all__ = [
    "READ",
    "TAGS",
    "condition_of",
    "found",
    "hash_of",
    "keys_of",
    "numbers_in",
    "packed",
    "pairs",
    "record_of",
    "worded",
]
