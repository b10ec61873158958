"""Agents that remember their users."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.db.tables import MEMORIES
from agno.memory import MemoryManager, UserMemory
from agno.models.message import Message
from agno.models.openai import OpenAIChat
from agno.run.base import RunStatus
from agno.session.summary import SessionSummaryManager
from agno.testing import ScriptedModel, ScriptedServer, fails, says, wants, wants_many
from agno.testing.script import call
from agno.tools import tool

from playing import in_every_mode, play


def note(text: str, *topics: str) -> Any:
    return wants("add_memory", memory=text, topics=list(topics))


def texts(db: Any, user: str | None = None) -> list[str]:
    return [memory.memory for memory in db.get_user_memories(user)]


@in_every_mode
def test_a_user_is_remembered_with_the_model_and_db_of_the_agent(mode: str) -> None:
    db = InMemoryDb()
    model = ScriptedModel(
        says("Hello Ada"), note("The user is called Ada.", "name"), says("Done."), says("Ada"), says("Nothing new.")
    )
    agent = Agent(id="a", model=model, db=db, enable_user_memories=True, session_id="s")
    settings = agent.settings()
    seen = play(agent, "I am Ada", mode, user_id="ada")
    assert agent.settings() == settings, "a run changes nothing on the agent"
    assert seen.output.content == "Hello Ada"
    if seen.events:
        assert seen.kinds == [
            "RunStarted",
            "RunContent",
            "MemoryUpdateStarted",
            "MemoryUpdateCompleted",
            "RunCompleted",
        ]
    (memory,) = db.get_user_memories("ada")
    assert (memory.memory, memory.topics, memory.input) == ("The user is called Ada.", ["name"], "I am Ada")
    assert (memory.run_id, memory.session_id) == (seen.output.run_id, "s")
    assert memory.agent_id == "a"
    play(agent, "Who am I?", mode, user_id="ada")
    asked = model.requests[3].messages
    assert "- The user is called Ada." in asked[0].content
    assert "ID: " + memory.memory_id in model.requests[4].messages[0].content, "so that it is not added again"
    assert agent.get_user_memories("ada") == [memory] and agent.get_user_memories("bob") == []


@in_every_mode
def test_what_memories_cost_is_counted_once_by_run_and_session(mode: str) -> None:
    model = ScriptedModel(says("Hi"), note("Likes tea"), says("Done."), says("Again"), says("Nothing."))
    agent = Agent(model=model, db=InMemoryDb(), enable_user_memories=True, session_id="s")
    first = play(agent, "I like tea", mode).output
    total = first.metrics.total_tokens
    (main,), (memory,) = first.metrics.details["model"], first.metrics.details["memory_model"]
    assert main.total_tokens > 0 and memory.total_tokens > main.total_tokens, "two turns, and the prompt"
    assert total == main.total_tokens + memory.total_tokens
    assert agent.get_last_run_output().metrics.total_tokens == total
    assert agent.get_session_metrics().total_tokens == total
    second = play(agent, "More", mode).output
    metrics = agent.get_session_metrics()
    assert metrics.total_tokens == total + second.metrics.total_tokens
    (memories,) = metrics.details["memory_model"]
    assert memories.total_tokens == memory.total_tokens + second.metrics.details["memory_model"][0].total_tokens


@in_every_mode
def test_a_failing_memory_model_costs_nothing_but_a_log_line(mode: str, agno_log: pytest.LogCaptureFixture) -> None:
    memories = MemoryManager(model=ScriptedModel(fails(500)))
    agent = Agent(model=ScriptedModel(says("Hi")), db=InMemoryDb(), memory_manager=memories, session_id="s")
    seen = play(agent, "I like tea", mode)
    assert seen.error is None and seen.output.status is RunStatus.completed
    assert "MemoryUpdate failed" in agno_log.text
    assert agent.get_last_run_output().content == "Hi"
    assert memories.db is None, "the manager is configuration, too"


@pytest.mark.parametrize("mode", ["run_stream", "arun_stream"])
def test_the_answer_is_out_and_stored_before_memories_are_made(mode: str) -> None:
    agent = Agent(model=ScriptedModel(says("Hi")), db=InMemoryDb(), session_id="s")
    found: list[Any] = []

    class Watching(MemoryManager):
        def create_user_memories(self, **facts: Any) -> str:
            found.append((agent.get_last_run_output().content, list(events)))
            return "ok"

        async def acreate_user_memories(self, **facts: Any) -> str:
            return self.create_user_memories(**facts)

    agent.memory_manager = Watching()
    events: list[str] = []

    async def read() -> None:
        async for event in agent.arun("hi", stream=True):
            events.append(event.event)

    if mode == "arun_stream":
        asyncio.run(read())
    else:
        for event in agent.run("hi", stream=True):
            events.append(event.event)
    ((content, before),) = found
    assert content == "Hi" and set(before) == {"RunContent"}


@pytest.mark.parametrize("mode", ["run", "arun"])
def test_with_background_tasks_memories_and_summary_follow_the_response(mode: str) -> None:
    tasks: list[Any] = []

    class Tasks:
        def add_task(self, work: Any) -> None:
            tasks.append(work)

    model = ScriptedModel(says("Hi"), note("Likes tea"), says("Done."))
    summary = ScriptedModel(says('{"summary": "Tea was mentioned."}'))
    db = InMemoryDb()
    agent = Agent(model=model, db=db, enable_user_memories=True, session_id="s")
    agent.session_summary_manager = SessionSummaryManager(model=summary)
    output = play(agent, "I like tea", mode, background_tasks=Tasks()).output
    assert texts(db) == [] and agent.get_last_run_output().content == "Hi"
    cost = output.metrics.total_tokens
    (work,) = tasks
    asyncio.run(work()) if mode == "arun" else work()
    assert texts(db) == ["Likes tea"]
    assert agent.get_session_summary().summary == "Tea was mentioned."
    assert agent.get_session_metrics().total_tokens == agent.get_last_run_output().metrics.total_tokens > cost


@in_every_mode
def test_the_model_changes_what_is_remembered(mode: str) -> None:
    db = InMemoryDb()
    for user in ("ada", "bob"):
        db.upsert_user_memory(UserMemory("Likes tea", memory_id=f"{user}-1", user_id=user))
    model = ScriptedModel(
        wants("update_user_memory", task="Forget the tea, remember coffee"),
        wants_many(
            call("delete_memory", memory_id="ada-1"),
            call("delete_memory", memory_id="bob-1"),
            call("add_memory", memory="Likes coffee"),
        ),
        says("Tea is forgotten."),
        says("Done."),
    )
    agent = Agent(model=model, db=db, enable_agentic_memory=True, enable_user_memories=True)
    seen = play(agent, "Forget that I like tea, I like coffee", mode, user_id="ada")
    assert "MemoryUpdateStarted" not in seen.kinds, "with agentic memory only the model decides"
    assert texts(db, "ada") == ["Likes coffee"] and texts(db, "bob") == ["Likes tea"]
    assert seen.output.tools[0].result == "Tea is forgotten."
    assert "no memory with the id 'bob-1'" in str(model.requests[2].messages)
    assert "to remember or to forget" in model.requests[0].messages[0].content
    assert seen.output.metrics.details["memory_model"][0].total_tokens > 0


@in_every_mode
def test_memories_are_recalled_only_where_they_are_wanted(mode: str) -> None:
    db = InMemoryDb()
    db.upsert_user_memory(UserMemory("Likes tea", user_id="ada"))
    model = ScriptedModel(says("ok"), says("ok"), says("ok"), says("ok"))
    only_recalls = Agent(model=model, db=db, add_memories_to_context=True)
    play(only_recalls, "hi", mode, user_id="ada")
    assert "- Likes tea" in model.requests[0].messages[0].content and len(model.requests) == 1
    silent = Agent(model=model, db=db, enable_user_memories=True, add_memories_to_context=False)
    play(silent, "hi", mode, user_id="ada")
    assert [m.role for m in model.requests[1].messages] == ["user"]
    play(Agent(model=model, db=db), "hi", mode, user_id="ada")
    assert [m.role for m in model.requests[3].messages] == ["user"]


@in_every_mode
def test_only_what_the_user_said_is_remembered(mode: str) -> None:
    said: list[Any] = []

    class Noting(MemoryManager):
        def create_user_memories(self, **facts: Any) -> str:
            said.append(facts["message"])
            return ""

        async def acreate_user_memories(self, **facts: Any) -> str:
            return self.create_user_memories(**facts)

    class Shelf:
        def search(self, *args: Any, **options: Any) -> list[dict[str, str]]:
            return [{"content": "Tea is green"}]

    agent = Agent(
        model=ScriptedModel(says("a"), says("b"), says("c")), db=InMemoryDb(), memory_manager=Noting(),
        knowledge=Shelf(), add_knowledge_to_context=True, search_knowledge=False, dependencies={"name": "Ada"},
        add_dependencies_to_context=True, additional_input=["an example"],
    )  # fmt: skip
    play(agent, "I am {name}", mode)
    play(agent, [Message("user", "one"), Message("assistant", "yes?"), Message("user", "two")], mode)
    play(agent, {"likes": "tea"}, mode)
    assert said == ["I am Ada", "one\ntwo", '{\n  "likes": "tea"\n}']


def test_without_a_db_nothing_is_remembered_and_it_is_said(agno_log: pytest.LogCaptureFixture) -> None:
    model = ScriptedModel(says("Hi"))
    assert Agent(model=model, enable_user_memories=True).run("I am Ada").content == "Hi"
    assert "no db=" in agno_log.text and len(model.requests) == 1


def test_runs_that_learn_the_same_at_once_keep_it_once() -> None:
    async def main() -> None:
        await asyncio.gather(*[agent.arun("I like tea", user_id="ada", session_id=str(n)) for n in range(6)])

    db = InMemoryDb()
    memories = MemoryManager(
        model=ScriptedModel(
            lambda messages: says("ok") if messages[-1].role == "tool" else note("Likes tea."), repeat=True
        )
    )
    agent = Agent(model=ScriptedModel(says("Hi"), repeat=True), db=db, memory_manager=memories)
    asyncio.run(main())
    assert texts(db) == ["Likes tea."]


@in_every_mode
def test_an_async_database_serves_both_colours(mode: str, tmp_path: Any) -> None:
    db = AsyncSqliteDb(db_file=str(tmp_path / "a.db"))
    model = ScriptedModel(says("Hi"), note("Likes tea"), says("Done."), says("Tea"), says("-"))
    agent = Agent(model=model, db=db, enable_user_memories=True)
    play(agent, "I like tea", mode)
    play(agent, "What do I like?", mode)
    assert "- Likes tea" in model.requests[3].messages[0].content
    assert texts(SqliteDb(db_file=str(tmp_path / "a.db")), "default") == ["Likes tea"]


@in_every_mode
def test_a_paused_run_is_remembered_when_it_goes_on(mode: str) -> None:
    @tool(requires_confirmation=True)
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    db = InMemoryDb()
    model = ScriptedModel(wants("pay", amount=3), says("Done"), note("Pays 3"), says("ok"))
    agent = Agent(model=model, db=db, tools=[pay], enable_user_memories=True, session_id="s")
    paused = play(agent, "Pay 3", mode).output
    assert paused.is_paused and texts(db) == []
    paused.active_requirements[0].confirm()
    done = play(agent, paused, mode, method="continue_run").output
    (memory,) = db.get_user_memories()
    assert (memory.memory, memory.input, memory.run_id) == ("Pays 3", "Pay 3", done.run_id)
    assert agent.get_session_metrics().total_tokens == done.metrics.total_tokens


@pytest.mark.parametrize("mode", ["run", "run_stream"])
def test_ctrl_c_while_memories_are_made_costs_the_memories_only(mode: str) -> None:
    class Interrupted(MemoryManager):
        def create_user_memories(self, **facts: Any) -> str:
            raise KeyboardInterrupt

    agent = Agent(model=ScriptedModel(says("Hi")), db=InMemoryDb(), memory_manager=Interrupted(), session_id="s")
    seen = play(agent, "hi", mode)
    assert (seen.output.status, seen.output.content) == (RunStatus.completed, "Hi")
    assert agent.get_last_run_output().status is RunStatus.completed


@in_every_mode
def test_a_db_that_fails_behind_the_answer_does_not_take_it_back(mode: str) -> None:
    class Failing(InMemoryDb):
        ends = 0

        def finish_run(self, session: Any, run: Any, inside: Any = ()) -> None:
            self.ends += 1
            if self.ends == 2:
                raise OSError("disk full")
            super().finish_run(session, run, inside)

    db = Failing()
    model = ScriptedModel(says("Hi"), note("Likes tea"), says("Done."))
    seen = play(Agent(model=model, db=db, enable_user_memories=True, session_id="s"), "I like tea", mode)
    assert seen.error is None and seen.output.status is RunStatus.completed and db.ends == 2
    assert db.get_session("s").runs[0].content == "Hi" and texts(db) == ["Likes tea"]


def test_a_real_client_is_sent_strict_tools_and_the_schema_of_a_summary() -> None:
    turns = (
        says("Hi"),
        wants("add_memory", memory="Called Ada", topics=[]),
        says("ok"),
        says('{"summary": "A greeting"}'),
    )
    with ScriptedServer(*turns) as server:
        model = OpenAIChat(id="m", base_url=server.url, api_key="key")
        agent = Agent(model=model, db=InMemoryDb(), update_memory_on_run=True, enable_session_summaries=True)
        output = agent.run("I am Ada", session_id="s")
        assert agent.update_memory_on_run and texts(agent.db) == ["Called Ada"]
        assert agent.get_session_summary("s").summary == "A greeting"
        assert output.metrics.details.keys() == {"model", "memory_model", "session_summary_model"}
        tool = server.requests[1].json["tools"][0]["function"]
        assert tool["strict"] and tool["parameters"]["required"] == ["memory", "topics"]
        assert server.requests[3].json["response_format"]["json_schema"]["name"] == "SessionSummaryResponse"


def test_managers_are_stored_with_the_agent_and_made_again() -> None:
    memories = MemoryManager(delete_memories=True, additional_instructions="Be strict.")
    agent = Agent(id="a", memory_manager=memories, session_summary_manager=SessionSummaryManager(last_n_runs=3))
    again = Agent.from_dict(agent.to_dict())
    assert (again.memory_manager.delete_memories, again.memory_manager.additional_instructions) == (True, "Be strict.")
    assert again.session_summary_manager.last_n_runs == 3


@in_every_mode
@pytest.mark.parametrize(("most", "expected"), [(2, ["m3", "m0"]), (None, ["m1", "m2", "m3", "m0"]), (0, [])])
def test_so_many_memories_stand_in_the_prompt_those_that_were_changed_last(
    mode: str, most: int | None, expected: list[str]
) -> None:
    db = InMemoryDb()
    for number, when in enumerate((9, 1, 2, 3)):
        db.upsert_user_memory(UserMemory(f"m{number}", memory_id=str(number), user_id="ada"))
        row = db.get(MEMORIES, str(number))
        assert row is not None
        db.put(MEMORIES, {**row, "updated_at": when})
    model = ScriptedModel(says("ok"))
    agent = Agent(model=model, db=db, add_memories_to_context=True, num_memories_in_context=most)
    play(agent, "go", mode, user_id="ada")
    prompt = model.requests[0].messages[0].content
    assert [line[2:] for line in prompt.splitlines() if line.startswith("- ")] == expected
