"""The codec, ids, small utilities, exceptions, records of the database."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum, IntEnum
from typing import Any

import pytest

from agno import exceptions
from agno.db.schemas import EvalRunRecord, EvalType, KnowledgeRow, UserMemory
from agno.exceptions import AgentRunException, ModelRateLimitError, RetryAgentRun, StopAgentRun
from agno.models.message import Message
from agno.run.messages import RunMessages
from agno.utils.codec import Coded, encode
from agno.utils.common import dataclass_to_dict
from agno.utils.ids import new_id
from agno.utils.merge_dict import merge_dictionaries
from agno.utils.string import generate_id, hash_string_sha256, is_valid_uuid, url_safe_string
from agno.utils.timer import Timer


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Fraction(float):
    """A number of a library, like numpy.float64."""


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Colour.RED, "red"),
        (Level.LOW, 1),
        ({Colour.RED: (1, 2)}, {"red": [1, 2]}),
        ({1: None}, {"1": None}),
        (b"\xff", "/w=="),
        (Fraction(1.5), 1.5),
        (datetime(2025, 1, 1, tzinfo=timezone.utc), "2025-01-01T00:00:00+00:00"),
        (int, "int"),
        (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_anything_becomes_plain_data(value: Any, plain: Any) -> None:
    assert encode(value) == plain
    assert type(encode(value)) is type(plain)


def test_an_instance_is_encoded_with_what_its_class_says_where_it_stores_nothing_itself() -> None:
    @dataclass
    class Base(Coded):
        kind: str = "base"
        colour: Colour | None = Colour.RED
        note: str | None = None
        marks: list[int] = field(default_factory=list)

    @dataclass
    class Sub(Base):
        kind: str = "sub"

    bare: Sub = object.__new__(Sub)
    bare.marks = [1]
    assert bare.to_dict() == {"kind": "sub", "colour": "red", "marks": [1]}
    bare.colour, bare.note = None, "new"
    bare.stranger = 1  # type: ignore[attr-defined]
    assert bare.to_dict() == {"kind": "sub", "note": "new", "marks": [1]}
    assert Sub().to_dict() == {"kind": "sub", "colour": "red", "marks": []}


def test_a_hint_that_cannot_be_resolved_leaves_plain_data() -> None:
    class Local:
        """Not visible where the hints are looked up."""

    @dataclass
    class Holder(Coded):
        inner: Local | None = None
        names: list[str] = field(default_factory=list)

    assert Holder.from_dict({"inner": {"a": 1}}) == Holder(inner={"a": 1})  # type: ignore[arg-type]


def test_ids_are_version_4_uuids_and_all_different() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    for text in ids:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_does_not_repeat_the_ids_of_its_parent() -> None:
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, " ".join(new_id() for _ in range(20)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 4096).decode().split()
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 20 and not set(theirs) & {new_id() for _ in range(300)}


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("My Agent", "my-agent"),
        ("myResearchAgent", "my-research-agent"),
        ("snake_case_name", "snake-case-name"),
        ("a - b --  c", "a-b-c"),
        ("v1.5 (new)!", "v1.5-new"),
        ("", ""),
    ],
)
def test_names_become_safe_for_urls(text: str, safe: str) -> None:
    assert url_safe_string(text) == safe


def test_ids_hashes_and_merging() -> None:
    assert is_valid_uuid(generate_id()) and not is_valid_uuid("x")
    assert generate_id("seed") == generate_id("seed") != generate_id("other")
    assert hash_string_sha256("a").startswith("ca978112")
    target = {"a": {"b": 1, "c": 2}, "d": 1}
    merge_dictionaries(target, {"a": {"b": 3}, "d": {"e": 1}})
    assert target == {"a": {"b": 3, "c": 2}, "d": {"e": 1}}


def test_a_dataclass_as_a_dict() -> None:
    memory = UserMemory("likes tea", memory_id="1")
    assert dataclass_to_dict(memory, exclude_none=True) == {"memory": "likes tea", "memory_id": "1"}
    assert dataclass_to_dict(memory, exclude={"memory"})["topics"] is None


def test_a_stopped_timer_stands_still() -> None:
    with Timer() as timer:
        pass
    assert timer.elapsed == timer.elapsed > 0
    timer.elapsed_time = 0.0
    assert timer.elapsed == 0.0
    assert Timer().elapsed == 0.0


def test_input_messages_come_in_the_order_system_user_extra() -> None:
    system, user, extra = (Message(role, role) for role in ("system", "user", "user"))
    assert RunMessages([], system, user, [extra]).get_input_messages() == [system, user, extra]
    assert RunMessages().get_input_messages() == []


# Exceptions ----------------------------------------------------------------------------------------------------------


def test_the_tree_at_the_top_of_the_module_is_true() -> None:
    parents = [(0, Exception)]
    drawn = set()
    for line in (exceptions.__doc__ or "").splitlines():
        found = re.match(r"([│ ]*)[├└]── (\w+)", line)
        if not found:
            continue
        depth, cls = len(found[1]) // 4 + 1, getattr(exceptions, found[2])
        parents = [parent for parent in parents if parent[0] < depth]
        assert issubclass(cls, parents[-1][1]), f"{cls.__name__} is no {parents[-1][1].__name__}"
        parents.append((depth, cls))
        drawn.add(cls)
    defined = {c for c in vars(exceptions).values() if isinstance(c, type) and issubclass(c, Exception)}
    assert drawn == defined


def test_exceptions_for_the_loop_carry_messages_and_say_whether_to_stop() -> None:
    error = AgentRunException("why", user_message="u", messages=["m"], stop_execution=True)
    assert (str(error), error.user_message, error.messages, error.stop_execution) == ("why", "u", ["m"], True)
    assert not RetryAgentRun("x").stop_execution
    assert StopAgentRun("x").stop_execution


def test_errors_of_providers_carry_a_status() -> None:
    error = ModelRateLimitError("slow down", model_name="n", model_id="i")
    assert (str(error), error.status_code, error.model_name, error.model_id) == ("slow down", 429, "n", "i")


# Records -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [1735689600, "2025-01-01T00:00:00+00:00"])
def test_the_time_of_a_memory_is_read_from_seconds_or_text(moment: Any) -> None:
    data = {"memory": "m", "updated_at": moment}
    memory = UserMemory.from_dict(data)
    assert memory.to_dict() == {"memory": "m", "updated_at": "2025-01-01T00:00:00+00:00"}
    assert data["updated_at"] == moment


def test_a_knowledge_row_gets_an_id_and_tells_its_time_as_text() -> None:
    row = KnowledgeRow(id=None, name="n", description="", updated_at=1735689600)  # type: ignore[arg-type]
    assert is_valid_uuid(row.id)
    assert row.to_dict()["updated_at"] == "2025-01-01T00:00:00+00:00"
    assert KnowledgeRow.from_dict(row.to_dict()) == row


def test_a_record_of_an_evaluation_names_its_kind() -> None:
    record = EvalRunRecord(run_id="r", eval_type="accuracy", eval_data={})  # type: ignore[arg-type]
    assert record.eval_type is EvalType.ACCURACY
    assert record.eval_input is None
