from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import agno.models
from agno.models.anthropic import Claude
from agno.models.base import Model
from agno.models.google import Gemini
from agno.models.offline import OfflineModel
from agno.models.ollama import Ollama
from agno.models.openai import OpenAIChat, OpenAILike, OpenAIResponses
from agno.models.utils import PROVIDERS, get_model


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("openai:gpt-x", OpenAIResponses),
        ("openai-responses:gpt-x", OpenAIResponses),
        ("openai-chat:gpt-x", OpenAIChat),
        ("openai-like:gpt-x", OpenAILike),
        ("anthropic:gpt-x", Claude),
        ("google:gpt-x", Gemini),
        ("gemini:gpt-x", Gemini),
        ("ollama:gpt-x", Ollama),
        ("offline:gpt-x", OfflineModel),
        (" Google : gpt-x ", Gemini),
    ],
)
def test_models_are_found_by_name(name: str, kind: type[Model]) -> None:
    model = get_model(name)
    assert (type(model), model.id) == (kind, "gpt-x")
    assert get_model(model) is model
    assert type(get_model("gpt-x", name.partition(":")[0])) is kind


def test_a_name_may_have_colons_in_it() -> None:
    assert get_model("ollama:qwen2.5:7b").id == "qwen2.5:7b"


def test_every_package_of_models_has_a_name() -> None:
    folder = Path(agno.models.__file__).parent
    packages = {f"agno.models.{path.parent.name}" for path in folder.glob("*/__init__.py")}
    assert packages - {module for module, _ in PROVIDERS.values()} == set()


@pytest.mark.parametrize("key", PROVIDERS)
def test_every_name_leads_to_a_model(key: str) -> None:
    module, name = PROVIDERS[key]
    assert issubclass(getattr(import_module(module), name), Model)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nope:x", "'nope'. Providers: anthropic, "),
        ("antropic:x", "Did you mean 'anthropic'"),
        ("gpt-4o", "provider:model_id"),
        (":gpt-4o", "provider:model_id"),
        ("openai:", "provider:model_id"),
        ("openai: ", "provider:model_id"),
        (3, "not int"),
        (OpenAIChat, "OpenAIChat\\(\\)"),
    ],
)
def test_a_name_of_no_model_is_refused(name: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        get_model(name)
