"""What every database must do with pages behind a place. Subclass it and provide `db`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from agno.db.query import Place
from agno.db.schemas import KnowledgeRow
from agno.session import AgentSession

TIMES = (7, 5, None, 5, 9, 5, None, 7, 5, 1, None)


class PagingContract:
    """Nothing is missed, and nothing comes twice."""

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_pages_behind_a_place_are_the_whole_list_in_order(self, db: Any, order: str) -> None:
        for number, moment in enumerate(TIMES):
            row = KnowledgeRow(id=f"k{number}", name="bBäa"[number % 4], description="x", created_at=moment)
            db.upsert_knowledge_content(row)
        for column in ("created_at", "name", "id"):
            seen: list[Any] = []
            after = Place()
            while True:
                rows, counted = db.get_knowledge_contents(limit=3, sort_by=column, sort_order=order, after=after)
                assert counted is None
                seen += rows
                if len(rows) < 3:
                    break
                after = Place(getattr(rows[-1], column), rows[-1].id)
            assert len({row.id for row in seen}) == len(seen) == len(TIMES)
            values = [getattr(row, column) for row in seen]
            whole, _ = db.get_knowledge_contents(sort_by=column, sort_order=order)
            assert values == [getattr(row, column) for row in whole]
            for one, two in pairwise(seen):
                same = getattr(one, column) == getattr(two, column)
                assert not same or (one.id > two.id if order == "desc" else one.id < two.id)

    def test_rows_that_come_and_go_between_pages_move_no_other(self, db: Any) -> None:
        for number in range(6):
            db.upsert_session(AgentSession(f"s{number}", agent_id="a", user_id="ann", created_at=100))
        options = {"session_type": "agent", "user_id": "ann", "sort_by": "created_at", "sort_order": "desc"}
        first, counted = db.get_sessions(limit=2, deserialize=False, after=Place(), **options)
        assert [row["session_id"] for row in first] == ["s5", "s4"] and counted is None
        db.delete_session("s4")
        for name, moment in (("s9", 100), ("t", 200)):
            db.upsert_session(AgentSession(name, agent_id="a", user_id="ann", created_at=moment))
        db.upsert_session(AgentSession("s0b", agent_id="a", user_id="ben", created_at=100))
        rest = db.get_sessions(limit=9, after=Place(100, "s4"), **options)
        assert [session.session_id for session in rest] == ["s3", "s2", "s1", "s0"]
