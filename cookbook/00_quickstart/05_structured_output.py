"""An answer as a pydantic model."""

from pydantic import BaseModel

from agno.agent import Agent
from agno.testing import ScriptedModel, says


class Movie(BaseModel):
    title: str
    year: int


agent = Agent(model=ScriptedModel(says('{"title": "Metropolis", "year": 1927}')), output_schema=Movie)
movie = agent.run("A silent film with robots").content
print(movie.title, movie.year)
