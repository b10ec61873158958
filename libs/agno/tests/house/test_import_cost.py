"""Importing the agent stays cheap: no SDK, no web framework, no database driver comes along."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house.imports import modules

HEAVY = {
    *("openai", "anthropic", "google.genai", "ollama", "mcp"),  # SDKs
    *("starlette", "fastapi", "uvicorn", "aiohttp", "httpx", "requests"),  # the web
    *("sqlalchemy", "sqlite3", "rich", "yaml", "numpy", "pypdf", "bs4"),
}
MOST_MODULES = 410  # room for a few more; httpx alone, which loads rich, brings over a hundred
MOST_OURS = 155
_PROGRAM = "import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"


def loaded_by(module: str) -> set[str]:
    """The modules that importing one brings in, in a fresh interpreter."""
    program = _PROGRAM.format(module=module)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, f"import {module} fails:\n{done.stderr}"
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["agno.agent", "agno.tools", "agno.models.base", "agno.run.agent", "agno.knowledge.reader.url_reader"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert sorted(loaded_by(module) & HEAVY) == []


@pytest.mark.parametrize(
    ("module", "sdk"),
    [
        ("agno.models.openai", "openai"),
        ("agno.models.anthropic", "anthropic"),
        ("agno.models.google", "google.genai"),
        ("agno.models.ollama", "ollama"),
    ],
)
def test_an_adapter_loads_its_sdk_at_the_first_use_only(module: str, sdk: str) -> None:
    assert sdk not in loaded_by(module)


def test_no_reader_or_chunker_loads_its_packages_when_it_is_imported() -> None:
    known = [
        module for module in modules() if module.startswith(("agno.knowledge.reader.", "agno.knowledge.chunking."))
    ]
    loaded = loaded_by(", ".join(known))
    packages = {
        "docx",
        "pptx",
        "openpyxl",
        "xlrd",
        "arxiv",
        "firecrawl",
        "tavily",
        "ddgs",
        "boto3",
        "tree_sitter",
        "PIL",
    }
    assert sorted(loaded & (HEAVY | packages)) == []


def test_no_embedder_or_reranker_loads_its_sdk_when_it_is_imported() -> None:
    families = ("agno.knowledge.embedder.", "agno.knowledge.reranker.")
    loaded = loaded_by(", ".join(module for module in modules() if module.startswith(families)))
    packages = {
        "boto3",
        "cohere",
        "fastembed",
        "huggingface_hub",
        "mistralai",
        "voyageai",
        "tokenizers",
        "torch",
        "vllm",
    }
    assert sorted(loaded & (HEAVY | packages)) == []


def test_importing_the_agent_loads_few_modules() -> None:
    loaded = loaded_by("agno.agent")
    assert len(loaded) <= MOST_MODULES
    assert len([name for name in loaded if name.split(".")[0] == "agno"]) <= MOST_OURS


def test_importing_agno_itself_loads_nothing_of_it() -> None:
    assert [name for name in loaded_by("agno") if name.startswith("agno.")] == []
