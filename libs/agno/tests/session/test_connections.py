"""What a session says of the services that its newest run used."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says

from playing import in_every_mode, play

SECRET = "sk-very-secret"


class Connected(ScriptedModel):
    api_key = SECRET

    def connection_info(self) -> dict[str, Any]:
        base = f"https://user:{SECRET}@models.example/v1?key={SECRET}"
        return {"base": base, "version": "2", "type": "azure", "deployment_name": "d", "api_key": SECRET}


class Embedder:
    id = "small"
    api_key = SECRET

    def connection_info(self) -> dict[str, Any]:
        return {"base": f"https://embed.example?api_key={SECRET}", "type": "openai", "api_key": SECRET}


@in_every_mode
def test_the_newest_run_says_where_its_model_and_embedder_are_but_no_key(mode: str) -> None:
    db = InMemoryDb()
    shelf = SimpleNamespace(vector_db=SimpleNamespace(embedder=Embedder()), search=lambda *a, **k: [])
    agent = Agent(model=Connected(says("ok")), db=db, knowledge=shelf, search_knowledge=False, session_id="s")
    play(agent, "hi", mode)
    session = agent.get_session()
    assert (session.last_run_api_base, session.last_run_api_version) == ("https://models.example/v1", "2")
    assert (session.last_run_api_type, session.last_run_api_engine) == ("azure", "d")
    assert session.last_run_api_embedding_model_name == "small"
    assert session.last_run_api_embedding_model_provider == "Embedder"
    assert session.last_run_api_embedding_model_api_base == "https://embed.example"
    assert session.last_run_api_embedding_model_api_embedding_model_api_base == "https://embed.example"
    assert session.last_run_api_key is session.last_run_api_embedding_model_api_key is None
    assert session.last_run_api_embedding_model_api_embedding_model_api_key is None
    assert SECRET not in repr(db.get_session("s", "agent", deserialize=False))
