"""What every database must do with schedules and their runs. Subclass it and provide `db`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agno.db.base import DbError


def a_schedule(name: str, next_run_at: int | None = 100, **fields: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "enabled": True, "component_type": "agent", "component_id": "a",
            "cron_expr": "* * * * *", "next_run_at": next_run_at, **fields}  # fmt: skip


def a_firing(name: str, schedule: str = "s", **fields: Any) -> dict[str, Any]:
    return {"id": name, "schedule_id": schedule, "phase": "open", "status": "running", "source": "schedule", "due_at": 100,
            "worker": "w", "lease_until": 160, "attempt": 1, "takeovers": 0, **fields}  # fmt: skip


class SchedulesContract:
    """Exactly one worker has what is due."""

    def test_there_are_no_schedules_at_first(self, db: Any) -> None:
        assert db.get_schedule("s") is None and db.get_schedules() == ([], 0) and db.due_schedules(100) == []
        assert db.get_schedule_run("r") is None and db.get_schedule_runs() == ([], 0)
        assert db.abandoned_schedule_runs(100) == [] and db.update_schedule("s", {"name": "x"}) is None
        assert db.delete_schedule("s") is False and db.update_schedule_run("r", {}, worker="w") is None

    def test_a_schedule_comes_back_and_belongs_to_its_user(self, db: Any) -> None:
        db.create_schedule(a_schedule("s", user_id="ann", input={"q": [1, None]}, run_options={"session_id": "x"}))
        db.create_schedule(a_schedule("t", enabled=False, component_id="b", next_run_at=None))
        row = db.get_schedule("s", user_id="ann")
        assert row["input"] == {"q": [1, None]} and row["enabled"] and row["created_at"]
        assert db.get_schedule("s", user_id="ben") is None and db.get_schedules(user_id="ben") == ([], 0)
        assert [row["id"] for row in db.get_schedules(enabled=True)[0]] == ["s"]
        assert [row["id"] for row in db.get_schedules(component_id="b")[0]] == ["t"]
        assert db.get_schedules(limit=1)[1] == 2
        with pytest.raises(DbError, match="already"):
            db.create_schedule(a_schedule("s"))
        assert db.update_schedule("s", {"name": "new"}, user_id="ben") is None
        assert db.update_schedule("s", {"name": "new"}, expected={"next_run_at": 7}) is None
        assert db.update_schedule("s", {"name": "new"}, user_id="ann")["name"] == "new"
        with pytest.raises(ValueError, match="has no 'colour'"):
            db.update_schedule("s", {"colour": "red"})

    def test_what_is_due_comes_in_its_order(self, db: Any) -> None:
        for name, due in (("b", 90), ("a", 80), ("later", 101), ("off", None), ("now", 100)):
            db.create_schedule(a_schedule(name, due))
        assert [row["id"] for row in db.due_schedules(100)] == ["a", "b", "now"]
        assert [row["id"] for row in db.due_schedules(100, limit=2)] == ["a", "b"]

    def test_a_due_time_is_claimed_once_and_the_schedule_moves_on(self, db: Any) -> None:
        db.create_schedule(a_schedule("s"))
        seen = db.get_schedule("s")
        claimed = db.claim_schedule_run(seen, a_firing("s@100", worker="one"), 160)
        assert claimed["worker"] == "one" and db.get_schedule("s")["next_run_at"] == 160
        assert db.claim_schedule_run(seen, a_firing("s@100", worker="two"), 160) is None
        assert db.claim_schedule_run(db.get_schedule("s"), a_firing("s@160"), None) is not None
        assert db.get_schedule("s")["next_run_at"] is None and db.get_schedule_runs("s")[1] == 2

    def test_a_claim_whose_worker_died_before_the_schedule_moved_on_is_not_claimed_again(self, db: Any) -> None:
        db.create_schedule(a_schedule("s"))
        db.create_schedule_run(a_firing("s@100", worker="dead"))
        assert db.claim_schedule_run(db.get_schedule("s"), a_firing("s@100", worker="two"), 160) is None
        assert db.get_schedule("s")["next_run_at"] == 160

    def test_runs_that_are_over_are_deleted_when_they_are_old(self, db: Any) -> None:
        for name, fields in {"old": {}, "young": {"due_at": 300}, "open": {"phase": "open"}}.items():
            db.create_schedule_run(a_firing(name, **{"phase": "closed", "due_at": 200, **fields}))
        assert db.prune_schedule_runs(200) == 0 and db.prune_schedule_runs(201) == 1
        assert sorted(row["id"] for row in db.get_schedule_runs()[0]) == ["open", "young"]

    def test_of_many_who_claim_at_once_one_gets_it(self, db: Any) -> None:
        db.create_schedule(a_schedule("s"))
        seen = db.get_schedule("s")
        with ThreadPoolExecutor(8) as pool:
            claims = [pool.submit(db.claim_schedule_run, seen, a_firing("s@100", worker=str(n)), 160) for n in range(8)]
            won = [claim.result() for claim in claims]
        winner = [row["worker"] for row in won if row is not None]
        assert len(winner) == 1 and db.get_schedule_run("s@100")["worker"] == winner[0]

    def test_a_run_is_taken_over_once_when_its_lease_ended(self, db: Any) -> None:
        for name, lease in (("old", 90), ("fresh", 200)):
            db.create_schedule_run(a_firing(name, lease_until=lease))
        db.create_schedule_run(a_firing("done", phase="closed", lease_until=None))
        [run] = db.abandoned_schedule_runs(100)
        assert run["id"] == "old"
        taken = db.take_schedule_run(run, {"worker": "two", "lease_until": 160, "takeovers": 1})
        assert (taken["worker"], taken["takeovers"]) == ("two", 1)
        assert db.take_schedule_run(run, {"worker": "three"}) is None and db.abandoned_schedule_runs(100) == []
        assert db.update_schedule_run("old", {"status": "x"}, worker="w") is None
        closed = db.update_schedule_run("old", {"phase": "closed", "status": "completed"}, worker="two")
        assert closed["status"] == "completed"
        assert db.update_schedule_run("old", {"status": "x"}, worker="two") is None

    def test_runs_are_listed_and_go_with_their_schedule(self, db: Any) -> None:
        db.create_schedule(a_schedule("s", user_id="ann"))
        for n in range(3):
            db.create_schedule_run(a_firing(f"s@{n}", user_id="ann", status="failed" if n else "completed"))
        db.create_schedule_run(a_firing("t@1", "t"))
        assert db.get_schedule_runs("s")[1] == 3 and db.get_schedule_runs("s", status="failed", limit=1)[1] == 2
        assert db.get_schedule_runs(user_id="ann")[1] == 3 and db.get_schedule_runs("s", user_id="ben") == ([], 0)
        assert db.delete_schedule("s", user_id="ben") is False and db.delete_schedule("s", user_id="ann") is True
        assert db.get_schedule("s") is None and db.get_schedule_runs("s") == ([], 0)
        assert db.get_schedule_run("t@1") is not None
