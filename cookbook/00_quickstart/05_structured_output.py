"""With `output_schema` the answer is a Pydantic object. A schema is checked, so a wrong answer is not passed on.

The model here plays a script; a language model is asked for the same schema.

Prints:
    Carbonara for 4, 25 minutes
    - 4 eggs
"""

from pydantic import BaseModel, Field

from agno.agent import Agent
from agno.testing import ScriptedModel, says


class Recipe(BaseModel):
    """A dish."""

    title: str
    servings: int = Field(ge=1)
    minutes: int
    ingredients: list[str]


recipe = Recipe(title="Carbonara", servings=4, minutes=25, ingredients=["400 g spaghetti", "4 eggs", "guanciale"])
agent = Agent(model=ScriptedModel(says(recipe.model_dump_json())), output_schema=Recipe)

if __name__ == "__main__":
    answer = agent.run("A quick pasta for four").content
    assert isinstance(answer, Recipe)
    print(f"{answer.title} for {answer.servings}, {answer.minutes} minutes")
    for ingredient in answer.ingredients:
        print(f"- {ingredient}")
