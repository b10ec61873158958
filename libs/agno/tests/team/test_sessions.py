"""Sessions of teams: what is stored, what is remembered by whom, and what it costs to read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.run.team import TeamRunOutput
from agno.session import TeamSession
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from team.desk import agent, leads, sent, team, to

from playing import in_every_mode, play


def remembering(db: Any, *members: Any, **settings: Any) -> Team:
    turns = [turn for n in range(6) for turn in leads(to("ann", f"task {n}"), answer=f"answer {n}")]
    members = members or (agent("Ann"),)
    return team(list(members), *turns, db=db, session_id="s", **settings)


@in_every_mode
def test_runs_of_members_are_stored_with_the_teams(mode: str, tmp_path: Path) -> None:
    desk = remembering(SqliteDb(db_file=str(tmp_path / "a.db")), name="Desk")
    first = play(desk, "one", mode).output
    second = play(desk, "two", mode).output
    session = desk.get_session()
    assert isinstance(session, TeamSession) and session.team_id == "desk"
    assert session.team_data == {"team_id": "desk", "name": "Desk", "model": desk.model.to_dict()}
    parents = [run.parent_run_id for run in session.runs]
    assert sorted(map(str, parents)) == sorted(map(str, [None, first.run_id, None, second.run_id]))
    assert desk.get_last_run_output().run_id == second.run_id
    assert isinstance(desk.get_run_output(first.run_id), TeamRunOutput)
    assert desk.get_session_metrics().total_tokens == 90
    assert [m.content for m in desk.get_session_messages(skip_roles=["system", "tool"]) if m.content] == [
        "one", "answer 0", "two", "answer 1",
    ]  # fmt: skip
    assert len(desk.get_session_messages(member_ids=["ann"], skip_roles=["system"])) == 4
    with pytest.raises(ValueError, match="no session 'nope'"):
        desk.get_chat_history("nope")


@in_every_mode
@pytest.mark.parametrize("cached", [False, True])
def test_runs_of_members_come_before_the_run_they_belong_to(mode: str, cached: bool, tmp_path: Path) -> None:
    inner = team([agent("Cy")], *leads(to("cy")), *leads(to("cy")), name="Inner")
    db = SqliteDb(db_file=str(tmp_path / "a.db"))
    calls = leads(to("inner"), to("ben")), leads(to("inner"), to("ben"), answer="again")
    desk = team([inner, agent("Ben")], *calls[0], *calls[1], db=db, session_id="s", cache_session=cached)
    for _ in range(2):
        play(desk, "go", mode)
        runs = desk.get_session().runs
        places = {run.run_id: place for place, run in enumerate(runs)}
        assert all(places[run.run_id] < places[run.parent_run_id] for run in runs if run.parent_run_id)
        names = [getattr(run, "agent_name", None) or run.team_name for run in runs]
        assert names[-1] == "Desk" and sorted(names[-4:]) == ["Ben", "Cy", "Desk", "Inner"], names
    assert desk.get_last_run_output().content == desk.get_session().last_run_output.content == "again"


def test_runs_that_claim_to_lie_inside_of_each_other_are_all_read() -> None:
    runs = [
        {"run_id": "a", "team_id": "t", "parent_run_id": "b"},
        {"run_id": "b", "team_id": "t", "parent_run_id": "a"},
    ]
    session = TeamSession.from_dict({"session_id": "s", "runs": [*runs, {"run_id": "c", "team_id": "t"}]})
    assert session is not None and [run.run_id for run in session.runs or ()] == ["a", "b", "c"]


def test_without_an_id_nothing_is_found() -> None:
    desk = Team([], model=ScriptedModel(says("x")))
    assert desk.get_session() is None and desk.get_chat_history() == [] and desk.get_session_messages() == []


@pytest.mark.parametrize("keep", [False, True])
def test_member_responses_are_stored_in_the_teams_run_if_asked(keep: bool, tmp_path: Path) -> None:
    desk = remembering(SqliteDb(db_file=str(tmp_path / "a.db")), store_member_responses=keep)
    output = desk.run("go")
    assert len(output.member_responses) == 1, "the caller gets them anyway"
    stored = desk.get_run_output(output.run_id)
    assert len(stored.member_responses) == (1 if keep else 0)


@in_every_mode
def test_history_is_the_teams_own(mode: str, tmp_path: Path) -> None:
    desk = remembering(SqliteDb(db_file=str(tmp_path / "a.db")), add_history_to_context=True, num_history_runs=2)
    for n in range(4):
        play(desk, f"q{n}", mode)
    said = [m.content for m in sent(desk, 6) if m.role == "user"]
    assert said == ["q1", "q2", "q3"]


@in_every_mode
def test_a_member_remembers_what_it_did_in_this_team(mode: str, tmp_path: Path) -> None:
    ann = agent("Ann", add_history_to_context=True, num_history_runs=2)
    ben = agent("Ben", add_history_to_context=True)
    desk = remembering(SqliteDb(db_file=str(tmp_path / "a.db")), ann, ben)
    for n in range(4):
        play(desk, f"q{n}", mode)
    history = [m for m in sent(ann, 3) if m.from_history]
    assert [m.role for m in history] == ["user", "assistant"] * 2
    assert "task 1" in history[0].content and "task 2" in history[2].content
    assert not ben.model.requests


def test_a_member_remembers_within_one_run() -> None:
    ann = agent("Ann", add_history_to_context=True)
    desk = team([ann], wants(to("ann", "first")), wants(to("ann", "second")), says("ok"))
    desk.run("go")
    assert [("first" in str(m.content)) for m in sent(ann, 1) if m.role == "user"] == [True, False]


def test_members_may_read_the_teams_history() -> None:
    ann = agent("Ann")
    desk = remembering(InMemoryDb(), ann, add_team_history_to_members=True, num_team_history_runs=1)
    for n in range(3):
        desk.run(f"q{n}")
    assert "<team_history>\nUser: q1\nTeam: answer 1\n</team_history>" in sent(ann, 2)[-1].content
    assert "team_history" not in sent(ann, 0)[-1].content


def test_the_leader_may_read_the_teams_history() -> None:
    desk = team(
        [], says("a0"), says("a1"), wants("get_team_history", num_chats=1), says("x"),
        db=InMemoryDb(), session_id="s", read_team_history=True,
    )  # fmt: skip
    for n in range(3):
        desk.run(f"q{n}")
    assert sent(desk, 3)[-1].content == '[{"user":"q1","team":"a1"}]'


def test_a_turn_reads_as_much_however_long_the_session_is(tmp_path: Path) -> None:
    class Counting(SqliteDb):
        rows: list[int]

        def load_session(self, *args: Any, **kwargs: Any) -> Any:
            found = super().load_session(*args, **kwargs)
            self.rows.append(len(found[1]) if found is not None else 0)
            return found

    db = Counting(db_file=str(tmp_path / "a.db"))
    db.rows = []
    members = [agent("Ann"), agent("Ben")]
    turns = [turn for _ in range(20) for turn in leads(to("ann"), to("ben"))]
    desk = team(members, *turns, db=db, session_id="s", add_history_to_context=True, num_history_runs=2)
    for n in range(20):
        desk.run(f"q{n}")
    assert set(db.rows[5:]) == {6}


def test_an_async_database(tmp_path: Path) -> None:
    async def check() -> None:
        desk = remembering(AsyncSqliteDb(db_file=str(tmp_path / "a.db")))
        output = await desk.arun("go")
        session = await desk.aget_session()
        assert len(session.runs) == 2 and (await desk.aget_run_output(output.run_id)).content == "answer 0"

    asyncio.run(check())


def test_a_cached_session_holds_members_runs() -> None:
    ann = agent("Ann", cache_session=True)
    desk = team([ann], *leads(to("ann")), session_id="s", cache_session=True)
    desk.run("go")
    assert len(desk.get_session().runs) == 2 and ann.cached_session is None


def test_members_keep_to_their_own_database_and_sessions() -> None:
    db = InMemoryDb()
    ann = agent("Ann", db=db)
    team([ann], *leads(to("ann"))).run("go")
    assert db.get_sessions() == []
    ann.run("hello", session_id="own")
    assert len(db.get_sessions()) == 1


def test_what_is_left_out_of_storage_stays_in_the_output() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    ann = agent("Ann", wants("add", a=1, b=2), says("3"), tools=[add], store_tool_messages=False)
    desk = team([ann], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    output = desk.run("go")
    stored = next(run for run in desk.get_session().runs if run.parent_run_id)
    assert len(output.member_responses[0].messages) == 4 and len(stored.messages) == 2


@in_every_mode
def test_a_run_that_broke_off_after_a_delegation_does_not_repeat_it(mode: str, tmp_path: Path) -> None:
    """With a checkpoint after each turn of tools, a new process goes on from there."""
    from agno.exceptions import ModelProviderError
    from agno.testing import fails

    def process(*turns: Any) -> Team:
        db = SqliteDb(db_file=str(tmp_path / "a.db"))
        return team([agent("Ann", says("Ann did it"))], *turns, db=db, session_id="s", checkpoint="tool-batch")

    first = process(wants(to("ann")), fails(ModelProviderError("gone")))
    play(first, "go", mode, run_id="r")
    second = process(says("Went on"))
    seen = play(second, None, mode, "continue_run", run_id="r")
    assert seen.output.content == "Went on" and not second.members[0].model.requests
    assert [m.content for m in seen.output.member_responses] == ["Ann did it"]
    assert second.get_session_metrics().total_tokens == 45


def test_memories_of_a_team() -> None:
    class Manager:
        kept: list[str] = []

        def get_user_memories(self, user_id: str | None = None) -> list[Any]:
            return []

        def create_user_memories(self, message: str, user_id: str | None = None, team_id: str | None = None) -> str:
            self.kept.append(f"{team_id}, {user_id}: {message}")
            return "ok"

    desk = team([agent("Ann")], *leads(to("ann")), memory_manager=Manager())
    kinds = [e.event for e in desk.run("I like tea", user_id="u", stream=True, stream_events=True)]
    assert Manager.kept == ["desk, u: I like tea"] and "TeamMemoryUpdateCompleted" in kinds


@in_every_mode
def test_hooks_of_a_team(mode: str) -> None:
    from agno.exceptions import InputCheckError
    from agno.guardrails import PIIDetectionGuardrail

    def louder(run_input: Any, team: Team) -> None:
        run_input.input_content = f"{team.name}: {run_input.input_content}!"

    def closing(run_output: Any) -> None:
        run_output.content += " Bye."

    desk = team([agent("Ann")], *leads(to("ann")), pre_hooks=[louder, PIIDetectionGuardrail()], post_hooks=[closing])
    seen = play(desk, "Hello", mode)
    assert seen.output.content == "All done Bye." and sent(desk)[-1].content == "Desk: Hello!"
    refused = play(desk, "I am a@example.com", mode)
    assert isinstance(refused.error, InputCheckError) or refused.kinds[-1] == "TeamRunError"
    if seen.events:
        assert {"TeamPreHookStarted", "TeamPostHookCompleted"} <= set(seen.kinds)


@in_every_mode
def test_a_team_thinks_first(mode: str) -> None:
    desk = team(
        [agent("Ann")],
        says('{"reasoning_steps": [{"title": "Plan", "next_action": "final_answer"}]}'),
        *leads(to("ann")),
        reasoning=True,
    )
    seen = play(desk, "go", mode)
    assert seen.output.content == "All done" and seen.output.reasoning_steps[0].title == "Plan"
    if seen.events:
        assert {"TeamReasoningStarted", "TeamReasoningStep", "TeamReasoningCompleted"} <= set(seen.kinds)


def test_knowledge_and_its_filters_reach_members_without_their_own() -> None:
    seen: list[Any] = []

    def retriever(query: str, filters: Any = None, **_: Any) -> list[str]:
        seen.append((query, filters))
        return ["found"]

    ann = agent("Ann", wants("search_knowledge_base", query="a"), says("ok"), knowledge_retriever=retriever)
    own = agent(
        "Own", wants("search_knowledge_base", query="b"), says("ok"),
        knowledge_retriever=retriever, knowledge_filters={"mine": 1},
    )  # fmt: skip
    desk = team([ann, own], wants(to("ann"), to("own"), call("search_knowledge_base", query="c")), says("ok"),
                knowledge_retriever=retriever)  # fmt: skip
    desk.run("go", knowledge_filters={"tenant": 7})
    assert seen == [("a", {"tenant": 7}), ("b", {"mine": 1}), ("c", {"tenant": 7})]
