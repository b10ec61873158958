"""Approvals and learnings over HTTP, and that each user meets only what is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_os_records import ask

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.testing import ScriptedModel


@pytest.fixture(params=["memory", "sqlite"])
def db(request: Any, tmp_path: Path) -> Any:
    made: Any = InMemoryDb() if request.param == "memory" else SqliteDb(db_file=str(tmp_path / "os.db"))
    for user in ("ada", "bob"):
        made.create_approval(
            {"id": f"of-{user}", "approval_type": "required", "status": "pending", "run_id": "r1", "user_id": user}
        )
        made.upsert_learning(
            {"learning_id": f"of-{user}", "learning_type": "profile", "user_id": user, "content": {"likes": "tea"}}
        )
    return made


@pytest.fixture
def os(db: Any) -> AgentOS:
    return AgentOS(agents=[Agent(id="helper", model=ScriptedModel("Hello"), db=db)])


def test_approvals_are_listed_counted_decided_once_and_deleted(os: AgentOS) -> None:
    assert {one["id"] for one in ask(os, "GET", "/approvals").json()["data"]} == {"of-ada", "of-bob"}
    assert ask(os, "GET", "/approvals/count").json() == {"count": 2}

    decided = ask(os, "POST", "/approvals/of-ada/resolve", json={"approved": True, "resolved_by": "Eve"}).json()

    assert (decided["status"], decided["resolved_by"]) == ("approved", "Eve")
    assert ask(os, "GET", "/approvals?status=pending").json()["meta"]["total_count"] == 1
    assert ask(os, "POST", "/approvals/of-ada/resolve", json={"approved": False}).status_code == 409
    assert ask(os, "POST", "/approvals/of-bob/resolve", json={}).status_code == 422
    assert ask(os, "DELETE", "/approvals/of-ada").status_code == 204
    assert ask(os, "GET", "/approvals/of-ada").json() == {"detail": "Approval with ID of-ada not found"}


@pytest.mark.parametrize("what", ["approvals", "learnings"])
def test_another_users_row_is_not_there_and_nobody_approves_their_own(os: AgentOS, what: str) -> None:
    listed = ask(os, "GET", f"/{what}", user="bob", params={"user_id": "ada"}).json()["data"]
    assert all(one["user_id"] == "bob" for one in listed)
    assert ask(os, "GET", f"/{what}/of-ada", user="bob").status_code == 404
    assert ask(os, "DELETE", f"/{what}/of-ada", user="bob").status_code == (403 if what == "approvals" else 404)
    assert ask(os, "GET", f"/{what}/of-ada", user="ada").status_code == 200
    if what == "approvals":
        assert ask(os, "POST", "/approvals/of-ada/resolve", user="bob", json={"approved": True}).status_code == 403
        assert ask(os, "POST", "/approvals/of-bob/resolve", user="bob", json={"approved": True}).status_code == 403
        assert ask(os, "GET", "/approvals/count", user="bob").json() == {"count": 1}
        assert ask(os, "GET", "/approvals/of-ada").json()["status"] == "pending"


def test_learnings_are_found_read_and_forgotten(os: AgentOS) -> None:
    found = ask(os, "GET", "/learnings", params={"user_id": "ada", "learning_type": "profile"}).json()
    assert [one["learning_id"] for one in found["data"]] == ["of-ada"] and found["meta"]["total_count"] == 1
    assert ask(os, "GET", "/learnings/of-ada").json()["content"] == {"likes": "tea"}
    assert ask(os, "DELETE", "/learnings/of-ada").status_code == 204
    assert ask(os, "GET", "/learnings/of-ada").status_code == 404
