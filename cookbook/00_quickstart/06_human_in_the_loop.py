"""A tool that waits for a person: the run pauses, is stored, and goes on when the person has answered.

It may go on in another process: `continue_run(run_id=..., requirements=...)` loads it from the database. Here nobody is
asked; take `ask` to be a button.

Prints:
    paused: send_money {'amount': 20, 'to': 'Ada'}
    sent 20 to Ada
    the model reads: sent
    the model reads: too much
"""

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool


@tool(requires_confirmation=True)
def send_money(amount: int, to: str) -> str:
    """Send money to somebody."""
    print(f"sent {amount} to {to}")
    return "sent"


def ask(amount: int) -> bool:
    return amount <= 100


def pay(amount: int) -> str:
    """A run that pauses before the money is sent; what the model reads about the call."""
    model = ScriptedModel(wants("send_money", amount=amount, to="Ada"), says("Done."))
    agent = Agent(model=model, tools=[send_money], db=InMemoryDb(), session_id="payments")
    run = agent.run(f"Send {amount} to Ada")
    for requirement in run.active_requirements:
        call = requirement.tool_execution
        print(f"paused: {call.tool_name} {call.tool_args}")
        if ask(call.tool_args["amount"]):
            requirement.confirm()
        else:
            requirement.reject("too much")
    done = agent.continue_run(run_id=run.run_id, requirements=run.requirements, session_id="payments")
    return next(message.content for message in done.messages if message.role == "tool")


if __name__ == "__main__":
    print("the model reads:", pay(20))
    print("the model reads:", pay(5000))
