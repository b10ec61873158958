"""What every database must do with the runs that workers host, and with their events. Subclass it and provide `db`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from agno.db._claims import EventBatch


def told(db: Any, run_id: str, after: int = -1, **options: Any) -> list[tuple[int, str]]:
    """Number and kind of each stored event."""
    return [
        (number, kind)
        for batch in db.get_run_events(run_id, after, **options)
        for number, (kind, _) in enumerate(batch.frames, batch.first)
    ]


class HostingContract:
    """Exactly one worker takes over what another one hosted."""

    def test_a_worker_hears_which_of_its_runs_others_want_to_be_stopped(self, db: Any) -> None:
        db.keep_hosted("w", {"r": {"kind": "agent"}, "q": {}}, 100, new=True)

        assert db.wish_cancel("r") and not db.wish_cancel("nobody")
        db.keep_hosted("w", {"r": {"kind": "agent"}, "s": {}}, 200)  # it notes its runs anew before it looked

        assert db.cancel_wishes("w") == ["r"] and db.cancel_wishes("v") == []
        assert db.is_hosted("s") and not db.is_hosted("q")

    def test_nothing_is_hosted_at_first(self, db: Any) -> None:
        assert db.get_run_events("r") == [] and db.dead_workers(100) == [] and not db.is_hosted("r")
        assert db.prune_run_events(0) == 0
        assert not db.keep_hosted("w", {"r": {}}, 50), "its row is gone, so somebody took its runs"
        db.forget_worker("w", "w")

    def test_events_come_back_behind_the_one_that_was_seen(self, db: Any) -> None:
        first = EventBatch("r", 0, [("A", '{"a": "ü"}'), ("B", "{}")])
        assert db.keep_hosted("w", {"r": {"kind": "agent"}}, 50, [first], new=True)
        assert db.keep_hosted(
            "w", None, 0, [EventBatch("r", 1_800_000_000_000, [("C", "{}")]), EventBatch("s", 0, [("X", "")])]
        )
        assert db.keep_hosted("w", None, 0, [EventBatch("r", 1_800_000_000_001, [("D", "{}")], last=True)])
        late = [(1_800_000_000_000, "C"), (1_800_000_000_001, "D")]
        assert told(db, "r") == [(0, "A"), (1, "B"), *late] and told(db, "r", limit=1) == [(0, "A"), (1, "B")]
        assert told(db, "r", 0) == [(1, "B"), *late] and told(db, "r", 1) == told(db, "r", 7) == late
        assert told(db, "r", late[-1][0]) == [] and told(db, "s") == [(0, "X")]
        assert db.get_run_events("r")[0].frames[0] == ("A", '{"a": "ü"}')
        assert [batch.last for batch in db.get_run_events("r")] == [False, False, True]

    def test_what_another_worker_wrote_is_not_written_over(self, db: Any) -> None:
        for worker, kind in (("w", "A"), ("w", "B"), ("x", "C")):
            db.keep_hosted(worker, None, 0, [EventBatch("r", 0, [(kind, "{}")])])
        assert told(db, "r") == [(0, "B")]

    def test_events_are_deleted_some_time_after_the_run_ended(self, db: Any) -> None:
        ended = [EventBatch("r", 0, [("A", "{}")]), EventBatch("r", 1, [("B", "{}")], last=True)]
        db.keep_hosted("w", None, 0, [*ended, EventBatch("s", 0, [("A", "{}")])])
        assert db.prune_run_events(600) == 0 and db.prune_run_events(-5) == 2
        assert told(db, "r") == [] and told(db, "s") == [(0, "A")]

    def test_one_of_many_takes_over_and_the_one_that_was_slow_hears_of_it(self, db: Any) -> None:
        assert db.keep_hosted("w", {"r": {"n": 1}}, 50, new=True) and db.keep_hosted("v", {"s": {}}, 90, new=True)
        assert db.keep_hosted("w", {"r": {"n": 2}}, 60), "it renews"
        assert db.dead_workers(59) == [] and db.is_hosted("r") and not db.is_hosted("q")
        [seen] = db.dead_workers(60)
        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(lambda name: db.take_worker(seen, name, 100), ["a", "b", "c", "d"]))
        [row] = [one for one in taken if one is not None]
        assert row["runs"] == {"r": {"n": 2}} and [one["id"] for one in db.dead_workers(95)] == ["v"]
        assert not db.keep_hosted("w", {}, 200, [EventBatch("r", 0, [("A", "{}")])]) and told(db, "r") == []
        db.forget_worker("w", "w")
        assert db.is_hosted("r"), "it is not its own any more"
        db.forget_worker("w", row["owner"])
        assert not db.is_hosted("r") and db.is_hosted("s")
