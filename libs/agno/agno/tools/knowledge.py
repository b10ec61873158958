"""Tools with which a model searches a knowledge base, and thinks about what it finds."""

from __future__ import annotations

import json
from typing import Any

from agno.run.context import RunContext
from agno.tools._guidance import guidance
from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = """Answer from the knowledge base with these tools:
- `think`: note what you look for, and with which words. Use it before each search.
- `search`: look it up. Search again with other words if the passages do not answer.
- `analyze`: judge whether what you found is enough and right, and go back to `think` if it is not.
The user does not see these notes."""

_EXAMPLES = """Example, for "How long does the battery last?":
think(thought="Look for battery life, and for hours of use.")
search(query="battery life hours")
analyze(analysis="The data sheet says 10 hours, of video. That answers it.")"""


class KnowledgeTools(Toolkit):
    """The tools `think`, `search` and `analyze` over a knowledge base.

    Notes are kept in `session_state["thoughts"]` and `session_state["analysis"]`. A search keeps to the `knowledge_filters`
    of the run.
    """

    def __init__(
        self,
        knowledge: Any,
        enable_think: bool = True,
        enable_search: bool = True,
        enable_analyze: bool = True,
        instructions: str | None = None,
        add_instructions: bool = True,
        add_few_shot: bool = False,
        few_shot_examples: str | None = None,
        all: bool = False,
        **kwargs: Any,
    ) -> None:
        if knowledge is None:
            raise ValueError("KnowledgeTools needs a knowledge base: KnowledgeTools(knowledge=Knowledge(...)).")
        self.knowledge = knowledge
        wanted = ((enable_think, self.think), (enable_search, self.search), (enable_analyze, self.analyze))
        super().__init__(
            name="knowledge_tools",
            tools=[tool for enabled, tool in wanted if enabled or all],
            instructions=guidance(instructions or _INSTRUCTIONS, few_shot_examples or _EXAMPLES, add_few_shot),
            add_instructions=add_instructions,
            **kwargs,
        )

    def think(self, thought: str, session_state: dict[str, Any] | None = None) -> str:
        """Note a thought before searching.

        Args:
            thought: What you look for, and how.
        """
        return _noted(session_state, "thoughts", "Thoughts", thought)

    def search(self, query: str, run_context: RunContext | None = None) -> str:
        """Search the knowledge base. Gives the passages that fit best.

        Args:
            query: What to look for.
        """
        filters = run_context.knowledge_filters if run_context is not None else None
        found = self.knowledge.search(query, **({"filters": filters} if filters else {}))
        if not found:
            return "No documents found"
        return json.dumps([document.to_dict() for document in found], ensure_ascii=False, default=str)

    def analyze(self, analysis: str, session_state: dict[str, Any] | None = None) -> str:
        """Judge what was found.

        Args:
            analysis: Whether it is enough and right.
        """
        return _noted(session_state, "analysis", "Analysis", analysis)


def _noted(session_state: dict[str, Any] | None, key: str, title: str, note: str) -> str:
    """Keep a note, and give all of its kind."""
    state = session_state if session_state is not None else {}
    notes: list[str] = state.setdefault(key, [])
    notes.append(note)
    return "\n".join([f"{title}:", *(f"- {one}" for one in notes)])


__all__ = ["KnowledgeTools"]
