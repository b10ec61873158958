"""The database in memory."""

from __future__ import annotations

import tracemalloc

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.in_memory._packing import packed, unpacked
from db.contract import DbContract, a_run, a_session


class TestInMemoryDb(DbContract):
    @pytest.fixture
    def db(self):
        return InMemoryDb()

    def test_it_takes_table_names_and_an_id(self):
        db = InMemoryDb(session_table="mine", id="db-1")
        assert (db.session_table_name, db.id) == ("mine", "db-1")

    def test_it_does_not_block(self):
        assert InMemoryDb.blocking is False

    @pytest.mark.parametrize("text", [b"{}", b'{"run_id":"r"}' * 50, "日本語".encode() * 9, b"x" * 70_000])
    def test_packed_text_comes_back(self, text):
        assert unpacked(packed(text)) == text

    def test_a_session_of_five_runs_takes_little_memory(self, db):
        def fill(first: int, last: int) -> None:
            for number in range(first, last):
                session = a_session(f"session-{number}", user_id="ann", session_data={"session_state": {"n": 1}})
                for _ in range(5):
                    db.finish_run(session, a_run(f"answer {number} " * 12))

        fill(0, 5)
        tracemalloc.start()
        fill(5, 55)
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert taken / 50 < 6 * 1024
