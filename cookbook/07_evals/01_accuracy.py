"""How right the answers of an agent are: it is asked three times, and a judge compares each answer with the expected one.

The judge without `model=` would be OpenAI's o4-mini. A team goes into `team=`, a workflow into `workflow=`.

Prints:
    average 8.0 of 10, from 5 to 10
    stored: capitals accuracy agent=geographer
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.eval import AccuracyEval
from agno.testing import ScriptedModel, says

agent = Agent(name="Geographer", model=ScriptedModel(says("Canberra"), says("It is Canberra."), says("Not Sydney.")))
judge = ScriptedModel(
    says('{"accuracy_score": 10, "accuracy_reason": "Right."}'),
    says('{"accuracy_score": 9, "accuracy_reason": "Right, a little wordy."}'),
    says('{"accuracy_score": 5, "accuracy_reason": "Does not name the capital."}'),
)

db = SqliteDb(db_file="evals.db")
evaluation = AccuracyEval(
    name="capitals",
    agent=agent,
    model=judge,
    input="What is the capital of Australia?",
    expected_output="Canberra",
    num_iterations=3,
    db=db,
)

if __name__ == "__main__":
    result = evaluation.run()  # print_summary=False and print_results=False keep it quiet
    print(f"average {result.avg_score} of 10, from {result.min_score:.0f} to {result.max_score:.0f}")
    row = db.get_eval_run(evaluation.eval_id)
    print(f"stored: {row.name} {row.eval_type.value} agent={row.agent_id}")
