"""Looking at an agent without a run of its own, in both colours."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools.function import Function

from playing import in_every_mode, play

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def ask(agent: Agent, colour: str, method: str, *arguments: Any, **named: Any) -> Any:
    """Call a method or its async twin."""
    if colour == "sync":
        return getattr(agent, method)(*arguments, **named)
    return asyncio.run(getattr(agent, f"a{method}")(*arguments, **named))


@dataclass
class Document:
    content: str

    def to_dict(self) -> dict[str, Any]:
        return {"content": self.content}


@dataclass
class Shelf:
    """A small knowledge: documents that have all the words of the query, and the metadata asked for."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    max_results: int = 2
    searches: list[tuple[str, Any, Any]] = field(default_factory=list)
    valid_metadata_filters: frozenset[str] = frozenset({"kind"})

    def search(self, query: str, max_results: int | None = None, filters: Any = None) -> list[Document]:
        self.searches.append((query, max_results, filters))
        found = [
            text
            for text, metadata in self.documents.items()
            if all(word in text.lower() for word in query.lower().split())
            and all(metadata.get(key) == value for key, value in (filters or {}).items())
        ]
        return [Document(text) for text in found[:max_results]]

    async def async_search(self, query: str, max_results: int | None = None, filters: Any = None) -> list[Document]:
        return self.search(query, max_results, filters)

    def validate_filters(self, filters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        valid = {key: value for key, value in filters.items() if key in self.valid_metadata_filters}
        return valid, [key for key in filters if key not in valid]

    def add_content(self, name: str, text_content: str) -> None:
        self.documents[text_content] = {"name": name}


def shelf() -> Shelf:
    return Shelf({"Tea is green": {"kind": "leaf"}, "Tea is black": {"kind": "bean"}, "Tea for two": {"kind": "song"}})


class Memories:
    """A small memory manager."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Any]] = {}

    def get_user_memories(self, user_id: str) -> list[Any]:
        return self.kept.get(user_id, [])

    def create_user_memories(self, message: str, user_id: str, agent_id: str) -> str:
        @dataclass
        class Memory:
            memory: str

        self.kept.setdefault(user_id, []).append(Memory(message))
        return "kept"

    def update_memory_task(self, task: str, user_id: str) -> str:
        return self.create_user_memories(task, user_id, "")


# Tools and system message --------------------------------------------------------------------------------------------


@in_both_colours
def test_tools_are_those_a_run_would_have(colour: str) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    agent = Agent(
        model=ScriptedModel(), tools=[add, {"type": "web_search"}], read_chat_history=True, db=InMemoryDb(),
        enable_agentic_state=True, search_session_history=True, search_past_sessions=True, knowledge=shelf(),
    )  # fmt: skip
    tools = ask(agent, colour, "get_tools")
    assert [tool.name if isinstance(tool, Function) else tool for tool in tools] == [
        "add", "get_chat_history", "get_previous_session_messages", "search_past_sessions",
        "update_session_state", "search_knowledge_base", {"type": "web_search"},
    ]  # fmt: skip
    assert agent.known_session_id() is None, "looking starts no session"


@in_both_colours
def test_the_system_message_is_what_a_run_would_send(colour: str) -> None:
    agent = Agent(model=ScriptedModel(), instructions="Speak {language} with {user_id} about {topic}, {unknown}")
    message = ask(
        agent, colour, "get_system_message", None,
        session_state={"language": "Latin"}, user_id="ada", dependencies={"topic": lambda: "tea"},
        add_session_state_to_context=True,
    )  # fmt: skip
    assert message.role == "system"
    assert message.content.startswith("Speak Latin with ada about tea, {unknown}")
    assert "<session_state>\n{'language': 'Latin'}\n</session_state>" in message.content
    assert ask(Agent(model=ScriptedModel()), colour, "get_system_message") is None
    db = InMemoryDb()
    agent = Agent(model=ScriptedModel(says("hi")), db=db, instructions="{k}", session_state={"k": 1})
    agent.run("go", session_id="s", session_state={"k": 2})
    before = db.get_session("s").to_dict()
    assert ask(agent, colour, "get_system_message", agent.get_session("s")).content == "2"
    assert db.get_session("s").to_dict() == before


# Knowledge -----------------------------------------------------------------------------------------------------------


@in_both_colours
def test_documents_for_a_query(colour: str) -> None:
    knowledge = shelf()
    agent = Agent(model=ScriptedModel(), knowledge=knowledge)
    found = ask(agent, colour, "get_relevant_docs_from_knowledge", "tea")
    assert found == [{"content": "Tea is green"}, {"content": "Tea is black"}], "as many as max_results says"
    assert len(ask(agent, colour, "get_relevant_docs_from_knowledge", "tea", 3)) == 3
    song = ask(agent, colour, "get_relevant_docs_from_knowledge", "tea", filters={"kind": "song", "colour": 1})
    assert song == [{"content": "Tea for two"}] and knowledge.searches[-1][2] == {"kind": "song"}
    assert ask(agent, colour, "get_relevant_docs_from_knowledge", "coffee") is None
    assert ask(Agent(model=ScriptedModel()), colour, "get_relevant_docs_from_knowledge", "tea") is None


@in_both_colours
def test_a_retriever_gets_what_it_names_and_wins(colour: str) -> None:
    def plain(query: str, num_documents: int | None = None) -> list[Any]:
        return [query, num_documents]

    async def curious(query: str, agent: Agent, filters: Any, city: str) -> list[Any]:
        return [query, agent.name, filters, city]

    def broken(query: str) -> None:
        raise OSError("no shelf")

    made = Agent(name="A", model=ScriptedModel(), knowledge=shelf(), knowledge_retriever=plain)
    assert ask(made, colour, "get_relevant_docs_from_knowledge", "tea") == ["tea", 2]
    made = Agent(name="A", model=ScriptedModel(), knowledge_retriever=curious)
    found = ask(made, colour, "get_relevant_docs_from_knowledge", "tea", filters={"x": 1}, city="Rome")
    assert found == ["tea", "A", {"x": 1}, "Rome"]
    made = Agent(model=ScriptedModel(), knowledge_retriever=broken)
    with pytest.raises(OSError, match="no shelf"):
        ask(made, colour, "get_relevant_docs_from_knowledge", "tea")


@in_every_mode
def test_the_model_searches_and_explicit_filters_always_apply(mode: str) -> None:
    knowledge = shelf()
    searches = wants("search_knowledge_base", query="tea", filters={"kind": "bean"})
    model = ScriptedModel(searches, wants("search_knowledge_base", query="milk"), says("ok"))
    agent = Agent(model=model, knowledge=knowledge, enable_agentic_knowledge_filters=True)
    seen = play(agent, "go", mode, knowledge_filters={"kind": "leaf"})
    assert [search[2] for search in knowledge.searches] == [{"kind": "leaf"}, {"kind": "leaf"}]
    answers = [m.content for m in seen.output.messages if m.role == "tool"]
    assert json.loads(answers[0]) == [{"content": "Tea is green"}] and answers[1] == "No documents found"
    assert [r.query for r in seen.output.references] == ["tea"]
    system = model.requests[0].messages[0].content
    assert "kind" in system and "search_knowledge_base" in system
    quiet = Agent(model=ScriptedModel(says("ok")), knowledge=shelf(), add_search_knowledge_instructions=False)
    assert play(quiet, "go", mode).output.messages[0].role == "user"


@in_every_mode
@pytest.mark.parametrize("format", ["json", "yaml"])
def test_references_stand_behind_the_question(mode: str, format: str) -> None:
    model = ScriptedModel(says("ok"))
    agent = Agent(
        model=model, knowledge=shelf(), add_knowledge_to_context=True, search_knowledge=False,
        references_format=format, dependencies={"d": 1}, add_dependencies_to_context=True,
    )  # fmt: skip
    seen = play(agent, "green", mode)
    asked = model.requests[0].messages[-1].content
    shown = '"content": "Tea is green"' if format == "json" else "content: Tea is green"
    assert asked.startswith("green\n\n") and asked.index(shown) < asked.index("</references>") < asked.index('"d": 1')
    assert seen.output.references[0].references == [{"content": "Tea is green"}]
    assert model.requests[0].tools is None


@in_every_mode
def test_the_model_adds_to_the_knowledge(mode: str) -> None:
    knowledge = Shelf()
    agent = Agent(
        model=ScriptedModel(wants("add_to_knowledge", query="What is tea?", result="A leaf."), says("ok")),
        knowledge=knowledge, update_knowledge=True, search_knowledge=False,
    )  # fmt: skip
    play(agent, "go", mode)
    (text, metadata), *_ = knowledge.documents.items()
    assert json.loads(text) == {"query": "What is tea?", "result": "A leaf."}
    assert metadata == {"name": "What_is_tea"}
    assert "Successfully" in agent.add_to_knowledge("a", "b") and len(knowledge.documents) == 2
    with pytest.raises(ValueError, match="knowledge="):
        Agent(model=ScriptedModel()).add_to_knowledge("a", "b")


# Memories and culture ------------------------------------------------------------------------------------------------


@in_every_mode
def test_memories_are_made_and_recalled_through_the_manager(mode: str) -> None:
    memories = Memories()
    model = ScriptedModel(says("Hi"), says("Ada"))
    agent = Agent(model=model, memory_manager=memories)
    seen = play(agent, "I am Ada", mode, user_id="ada")
    if seen.events:
        assert seen.kinds[-3:] == ["MemoryUpdateStarted", "MemoryUpdateCompleted", "RunCompleted"]
    play(agent, "Who am I?", mode, user_id="ada")
    assert "Nothing is remembered" in model.requests[0].messages[0].content
    assert "- I am Ada" in model.requests[1].messages[0].content
    assert [m.memory for m in agent.get_user_memories("ada")] == ["I am Ada", "Who am I?"]
    assert asyncio.run(agent.aget_user_memories("bob")) == []
    assert Agent().get_user_memories() is None


@in_every_mode
def test_with_agentic_memory_only_the_model_remembers(mode: str) -> None:
    memories = Memories()
    model = ScriptedModel(wants("update_user_memory", task="Likes tea"), says("ok"))
    agent = Agent(model=model, memory_manager=memories, enable_agentic_memory=True, user_id="ada")
    play(agent, "I like tea", mode)
    assert [m.memory for m in agent.get_user_memories()] == ["Likes tea"]
    assert "<updating_user_memories>" in model.requests[0].messages[0].content


@in_both_colours
def test_culture_comes_from_its_manager(colour: str) -> None:
    class Culture:
        def get_all_knowledge(self) -> list[str]:
            return ["We say please"]

    assert ask(Agent(), colour, "get_culture_knowledge") is None
    assert ask(Agent(culture_manager=Culture()), colour, "get_culture_knowledge") == ["We say please"]


# Sessions ------------------------------------------------------------------------------------------------------------


@in_both_colours
def test_messages_of_a_session_with_every_filter(colour: str) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    model = ScriptedModel(says("one"), wants("add", a=1, b=2), says("two"), fails(500), says("three"))
    agent = Agent(
        model=model, tools=[add], db=InMemoryDb(), session_id="s", instructions="Be", add_history_to_context=True
    )
    for text in ("1?", "2?", "x?", "3?"):
        play(agent, text, "run")

    def texts(**selection: Any) -> list[Any]:
        return [m.content for m in ask(agent, colour, "get_session_messages", **selection)]

    assert texts() == ["Be", "1?", "one", "2?", None, "3", "two", "3?", "three"]
    assert texts(last_n_runs=1) == ["Be", "3?", "three"] and texts(last_n_runs=0) == [] == texts(limit=0)
    assert texts(limit=4) == ["two", "3?", "three"], "an answer without its call is dropped"
    assert texts(skip_roles=["system", "tool"])[:2] == ["1?", "one"]
    assert "x?" in texts(skip_statuses=[RunStatus.completed])
    assert ask(Agent(model=model), colour, "get_session_messages") == []
    assert agent.get_messages_for_session() == agent.get_session_messages()


@in_both_colours
def test_a_session_of_another_user_is_not_found(colour: str) -> None:
    agent = Agent(model=ScriptedModel(says("hi")), db=InMemoryDb(), cache_session=True)
    run = agent.run("go", session_id="s", user_id="ada")
    for user, found in (("ada", True), (None, True), ("bob", False)):
        assert (ask(agent, colour, "get_session", "s", user_id=user) is not None) is found
        assert (ask(agent, colour, "get_run_output", run.run_id, "s", user_id=user) is not None) is found
        assert (ask(agent, colour, "get_last_run_output", "s", user_id=user) is not None) is found
    refusing = (
        "get_session_state",
        "get_session_name",
        "get_session_metrics",
        "get_chat_history",
        "generate_session_name",
    )
    for method in refusing:
        with pytest.raises(ValueError, match="no session 's'"):
            ask(agent, colour, method, "s", user_id="bob")
    with pytest.raises(ValueError, match="no session 's'"):
        ask(agent, colour, "rename", "Mine", "s", user_id="bob")
    assert agent.get_messages_for_session("s", user_id="bob") == [] != agent.get_messages_for_session("s")
    ask(agent, colour, "delete_session", "s", user_id="bob")
    assert agent.get_session("s") is not None
    ask(agent, colour, "delete_session", "s", user_id="ada")
    assert agent.get_session("s") is None and agent.cached_session is None


@in_both_colours
def test_the_state_is_changed_in_both_ways(colour: str) -> None:
    agent = Agent(model=ScriptedModel(says("hi")), db=InMemoryDb(), session_id="s", session_state={"a": 1})
    agent.run("go")
    assert ask(agent, colour, "update_session_state", {"b": 2}) == {"a": 1, "b": 2}
    assert ask(agent, colour, "update_session_state", {"b": 3}, "s") == {"a": 1, "b": 3}
    assert ask(agent, colour, "get_session_state") == {"a": 1, "b": 3}
    mine = {"x": 1}
    said = ask(agent, colour, "update_session_state", mine, {"x": 2})
    assert mine == {"x": 2} and "{'x': 2}" in said
    assert "'x': 4" in ask(agent, colour, "update_session_state", session_state=mine, session_state_updates={"x": 4})
    assert ask(agent, colour, "get_session_state") == {"a": 1, "b": 3}


@in_both_colours
def test_names(colour: str) -> None:
    long = says("a name that is much too long to be one")
    agent = Agent(model=ScriptedModel(says("hi"), long, long, says('"Tea talk"'), long, long, long), db=InMemoryDb())
    agent.run("go", session_id="s")
    assert ask(agent, colour, "get_session_name", "s") == ""
    ask(agent, colour, "set_session_name", "s", session_name="Mine")
    assert ask(agent, colour, "get_session_name", "s") == "Mine"
    assert ask(agent, colour, "set_session_name", "s", autogenerate=True).name == "Tea talk"
    assert agent.generate_session_name("s") == "a name that is much", "three tries, then it is cut"
    with pytest.raises(ValueError, match="autogenerate"):
        ask(agent, colour, "set_session_name", "s")
    agent.rename("Teapot", "s")
    assert agent.name == "Teapot" and agent.get_session("s").agent_data["name"] == "Teapot"


@in_both_colours
def test_a_session_is_forked(colour: str, tmp_path: Any) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(model=ScriptedModel(says("1"), says("2"), says("3")), db=db, session_state={"k": 1})
    first, second = agent.run("a", session_id="s"), agent.run("b", session_id="s")
    fork = ask(agent, colour, "fork_session", "s")
    half = ask(agent, colour, "fork_session", "s", before_run_id=second.run_id)
    stored = agent.get_session(fork.session_id)
    assert [run.content for run in stored.runs] == ["1", "2"] and stored.session_data["session_state"] == {"k": 1}
    assert stored.runs[0].forked_from_run_id == first.run_id and stored.runs[0].forked_from_session_id == "s"
    assert [run.content for run in agent.get_session(half.session_id).runs] == ["1"]
    agent.run("c", session_id=fork.session_id)
    assert len(agent.get_session("s").runs) == 2
    with pytest.raises(ValueError, match="no run 'nope'"):
        ask(agent, colour, "fork_session", "s", before_run_id="nope")


def test_an_answer_is_written_to_a_file(tmp_path: Any) -> None:
    pattern = str(tmp_path / "{name}" / "{user_id}-{session_id}-{message}.txt")
    agent = Agent(name="A", model=ScriptedModel(says("hi"), says("ho")), save_response_to_file=pattern)
    run = agent.run("go", session_id="s", user_id="ada")
    assert (tmp_path / "A" / "ada-s-go.txt").read_text() == "hi"
    agent.save_run_response_to_file(run, input="other", session_id="t")
    assert (tmp_path / "A" / "ada-t-other.txt").read_text() == "hi"
    Agent(model=ScriptedModel()).save_run_response_to_file(run)


@in_every_mode
def test_a_cached_session_is_not_given_to_another_user(mode: str) -> None:
    model = ScriptedModel(says("Noted"), says("Which?"))
    agent = Agent(model=model, db=InMemoryDb(), cache_session=True, add_history_to_context=True)
    play(agent, "My secret is 42", mode, session_id="s", user_id="ada")
    refused = play(agent, "Which secret?", mode, session_id="s", user_id="bob")
    assert "belongs to another user" in str(refused.error or refused.output.content)
    assert len(model.requests) == 1 and len(agent.cached_session.runs) == 1
    agent.db = None
    play(agent, "Which secret?", mode, session_id="s", user_id="bob")
    assert [message.content for message in model.requests[-1].messages] == ["Which secret?"]
