"""Tasks that need input: what they ask, how a message answers them, and that they go on anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from a2a.types import CancelTaskRequest, GetTaskRequest, SubscribeToTaskRequest
from interfaces.a2a_talking import DIALECTS, Peer, agent_of, answer, inner, os_of, questions, state, states, talk, text
from interfaces.test_a2a import refused

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool
from agno.workflow import Step, Workflow

either_store = pytest.mark.parametrize("stored", [False, True], ids=["memory", "database"])


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


@tool(requires_user_input=True, user_input_fields=["where"])
def send(what: str, where: str) -> str:
    """Send."""
    return f"sent {what} to {where}"


@tool(external_execution=True)
def measure() -> str:
    """Measure."""
    raise AssertionError("it runs elsewhere")


@pytest.fixture
def db(tmp_path: Path) -> SqliteDb:
    return SqliteDb(db_file=str(tmp_path / "a.db"))


def asks(*turns: Any, **settings: Any) -> Agent:
    return agent_of(*turns, says("Well then."), tools=[pay, send, measure], **settings)


def result(agent: Agent) -> str:
    """What the model was told of the tool."""
    model: Any = agent.model
    return str(model.requests[-1].messages[-1].content)


@pytest.mark.parametrize("dialect", DIALECTS, ids="-".join)
@pytest.mark.parametrize(
    "turn, kind, said, told, stored",
    [
        (wants("pay", amount=5), "confirmation", "yes", "paid 5", True),
        (wants("send", what="tea"), "user_input", {"where": "Rome"}, "sent tea to Rome", False),
    ],
)
def test_a_task_asks_and_goes_on_with_the_answer(
    turn: Any, kind: str, said: Any, told: str, stored: bool, dialect: Any, db: SqliteDb
) -> None:
    agent = asks(turn, db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.stream("Do it")
        found = await peer.client.get_task(GetTaskRequest(id=asked[0].id))
        waits = [inner(one) async for one in peer.client.subscribe(SubscribeToTaskRequest(id=found.id))]
        return asked, found, waits, await peer.stream(said, task_id=found.id)

    asked, found, waits, done = talk(os_of(agent), go, dialect)

    assert states(asked) == ["submitted", "working", "input_required"]
    (question,) = questions(asked[-1])
    assert question["kind"] == kind and question["message"] == asked[-1].status.message.parts[0].text
    assert questions(found) == [question] and [questions(one) for one in waits] == [[question]]
    assert states(done) == ["working", "completed"] and done[0].id == found.id
    assert told in result(agent) and answer(done).endswith("Well then.")


@pytest.mark.parametrize(
    "turn, said, told",
    [
        (wants("pay", amount=5), "no", "rejected"),
        (wants("pay", amount=5), {"approved": False, "note": "too much"}, "too much"),
        (wants("send", what="tea"), "Rome", "sent tea to Rome"),
        (wants("measure"), "3 m", "3 m"),
        (wants("measure"), {"metres": 3}, '{"metres": 3}'),
    ],
)
def test_answers_come_in_words_or_as_data(turn: Any, said: Any, told: str) -> None:
    agent = asks(turn)

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Do it")
        return await peer.send(said, task_id=asked.id, context_id=asked.context_id)

    task = talk(os_of(agent), go)

    assert state(task) == "completed" and told in result(agent)


@either_store
def test_several_questions_are_answered_by_their_ids_all_at_once(stored: bool, db: SqliteDb) -> None:
    agent = asks(wants(call("pay", amount=1), call("pay", amount=2)), db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Do it")
        first, second = (one["id"] for one in questions(asked))
        wrong = [
            await refused(peer.send(given, task_id=asked.id))
            for given in ("yes", {"answers": {first: True}}, {"answers": {"x": True}}, {"answers": [first]})
        ]
        return wrong, await peer.send({"answers": {first: True}, "declined": [second]}, task_id=asked.id)

    wrong, task = talk(os_of(agent), go)

    assert [error.partition(":")[0] for error in wrong] == ["InvalidParamsError"] * 4
    assert state(task) == "completed"
    model: Any = agent.model
    paid, declined = [str(m.content) for m in model.requests[-1].messages if m.role == "tool"]
    assert paid == "paid 1" and "declined" in declined


@either_store
def test_what_does_not_answer_is_refused_and_the_task_waits_on(stored: bool, db: SqliteDb) -> None:
    agent = asks(wants("pay", amount=5), db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Do it")
        errors = [
            await refused(peer.send("perhaps", task_id=asked.id)),
            await refused(peer.send({"amount": 3}, task_id=asked.id)),
            await refused(peer.send("yes", task_id=asked.id, context_id="another")),
        ]
        still = await peer.client.get_task(GetTaskRequest(id=asked.id))
        done = await peer.send("yes", task_id=asked.id)
        return errors, still, done, await refused(peer.send("yes", task_id=asked.id))

    errors, still, done, again = talk(os_of(agent), go)

    kinds = [error.partition(":")[0] for error in errors]
    assert kinds[:2] == ["InvalidParamsError"] * 2 and kinds[2] in ("InvalidParamsError", "TaskNotFoundError")
    assert state(still) == "input_required" and state(done) == "completed"
    assert again.startswith("UnsupportedOperationError")


def test_another_worker_goes_on_with_a_task_that_waits(db: SqliteDb) -> None:
    asked = talk(os_of(asks(wants("pay", amount=5), db=db)), lambda peer: peer.send("Do it"))
    later = agent_of(says("Well then."), tools=[pay], db=db)

    task = talk(os_of(later), lambda peer: peer.send("yes", task_id=asked.id, at_once=False))

    assert (state(task), result(later)) == ("completed", "paid 5")
    assert text(task).endswith("Well then.")


@either_store
def test_a_task_that_waits_is_cancelled(stored: bool, db: SqliteDb) -> None:
    agent = asks(wants("pay", amount=5), db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Do it")
        cancelled = await peer.client.cancel_task(CancelTaskRequest(id=asked.id))
        after = await peer.client.get_task(GetTaskRequest(id=asked.id))
        return cancelled, after, await refused(peer.send("yes", task_id=asked.id))

    cancelled, after, answered = talk(os_of(agent), go)

    assert state(cancelled) == state(after) == "canceled"
    assert answered.startswith("UnsupportedOperationError")


def test_two_answers_at_once_run_the_tool_once() -> None:
    import asyncio

    ran = []

    @tool(requires_confirmation=True)
    async def pay_once() -> str:
        """Pay."""
        ran.append(1)
        await asyncio.sleep(0)
        return "paid"

    agent = agent_of(wants("pay_once"), says("Paid."), says("Paid."), tools=[pay_once])

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Do it")
        body = {"message": {"messageId": "1", "role": "ROLE_USER", "taskId": asked.id, "parts": [{"text": "yes"}]}}
        send = lambda: peer.http.post(f"{peer.base}/v1/message:send", json=body, headers={"A2A-Version": "1.0"})  # noqa: E731
        return [one.status_code for one in await asyncio.gather(send(), send(), send())]

    statuses = talk(os_of(agent), go)

    assert ran == [1] and sorted(statuses) == [200, 400, 400]


@either_store
def test_the_question_of_a_member_is_the_teams(stored: bool, db: SqliteDb) -> None:
    member = Agent(name="Payer", model=ScriptedModel(wants("pay", amount=5), says("Paid it.")), tools=[pay])
    delegate = wants("delegate_task_to_member", member_id="payer", task_description="pay")
    leader = ScriptedModel(delegate, says("All paid."))
    team = Team(name="Crew", members=[member], model=leader, db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.stream("Pay")
        return asked, await peer.stream("yes", task_id=asked[0].id)

    asked, done = talk(os_of(team), go, path="teams/crew")

    assert states(asked)[-1] == "input_required" and questions(asked[-1])[0]["tool_name"] == "pay"
    assert states(done)[-1] == "completed" and answer(done).endswith("All paid.")


@either_store
def test_a_step_of_a_workflow_asks_before_it_runs(stored: bool, db: SqliteDb) -> None:
    step = Step(name="write", executor=lambda step_input: "final", requires_confirmation=True)
    flow = Workflow(name="Text", steps=[step], db=db if stored else None)

    async def go(peer: Peer) -> Any:
        asked = await peer.send("Write")
        return asked, await peer.send("yes", task_id=asked.id)

    asked, done = talk(os_of(flow), go, path="workflows/text")

    assert state(asked) == "input_required" and questions(asked)[0]["kind"] == "confirmation"
    assert (state(done), text(done)) == ("completed", "final")
