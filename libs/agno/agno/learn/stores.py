"""Stores: each keeps one kind of learning, tells it to the model, and gives the model the tools to change it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from agno.learn.learnings import Learnings

Row = dict[str, Any]


class LearningMode(str, Enum):
    """Who decides what a store keeps.

    `always`: a model, after each run. `agentic`: the agent, with tools. `propose`: the agent, after the user agreed.
    `hitl`: the agent, and the run waits for a person to confirm each call.
    """

    ALWAYS = "always"
    AGENTIC = "agentic"
    PROPOSE = "propose"
    HITL = "hitl"


@dataclass
class LearningStore:
    """Base of stores. Make your own: set the class attributes, and override `writers`.

    `instructions` say what is worth keeping, in place of the store's own words. `limit`: how many are told.
    """

    mode: LearningMode | str | None = None  # None: the usual one of the store
    instructions: str | None = None
    limit: int = 50

    name: ClassVar[str] = ""  # is the learning type, and the tag in the prompt
    owner: ClassVar[str] = "user"  # or "session", or "namespace"
    usual: ClassVar[LearningMode] = LearningMode.ALWAYS
    keeps: ClassVar[str] = ""

    def __post_init__(self) -> None:
        self.mode = LearningMode(self.mode) if self.mode is not None else self.usual

    async def recall(self, learnings: Learnings, query: str | None = None) -> list[Row]:
        """The learnings that are told to the model, the newest first."""
        return await learnings.all(self.name, self.owner, self.limit)

    def line(self, content: Row) -> str:
        """A learning as the model reads it."""
        return str(content.get("text", content))

    def section(self, rows: list[Row]) -> str | None:
        """The part of the prompt about what is kept; None if there is nothing."""
        lines = [f"- {self.line(row['content'])} (id {row['learning_id']})" for row in reversed(rows)]
        return f"<{self.name}>\n" + "\n".join(lines) + f"\n</{self.name}>" if lines else None

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        """Coroutine functions that change what is kept."""
        raise NotImplementedError(f"{type(self).__name__} has no writers: override it, or derive from another store.")

    def readers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        """Coroutine functions that look for what is not told; offered to the agent in every mode."""
        return []

    def forgetter(self, learnings: Learnings) -> Callable[..., Any]:
        """The tool that deletes."""

        async def forget(id: str) -> str:
            """Delete what does not hold any more.

            Args:
                id: Its id.
            """
            done = await learnings.remove(self.name, self.owner, id)
            return f"Deleted {id}." if done else f"Error: there is nothing with the id {id!r}."

        forget.__name__ = f"forget_{self.name}"
        return forget


class UserProfileStore(LearningStore):
    """Facts about the user that have a name: one value each, the newest wins."""

    name = "user_profile"
    keeps = "Facts about the user that stay: name, role, language, company, preferences."

    def line(self, content: Row) -> str:
        return f"{content.get('field')}: {content.get('value')}"

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def update_user_profile(field: str, value: str) -> str:
            """Keep a fact about the user, in the place of the one with this name.

            Args:
                field: The name of the fact, such as language.
                value: The fact.
            """
            content = {"field": field, "value": value}
            return f"Kept as {await learnings.keep(self.name, self.owner, _key(field), content)}."

        return [update_user_profile, self.forgetter(learnings)]


class UserMemoryStore(LearningStore):
    """What was observed about the user, in sentences."""

    name = "user_memory"
    keeps = "Observations about the user that will matter in later conversations."

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def save_user_memory(memory: str) -> str:
            """Keep an observation about the user.

            Args:
                memory: One observation, in a short sentence.
            """
            return f"Kept as {await learnings.keep(self.name, self.owner, _key(memory), {'text': memory})}."

        return [save_user_memory, self.forgetter(learnings)]


class SessionContextStore(LearningStore):
    """Where the conversation stands: one text for each session."""

    name = "session_context"
    owner = "session"
    keeps = "Where this conversation stands: its goal, what was decided, what is open."

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def update_session_context(context: str) -> str:
            """Write down where the conversation stands, in the place of what was written before.

            Args:
                context: Goal, decisions and open points, in a few sentences.
            """
            return f"Kept as {await learnings.keep(self.name, self.owner, 'context', {'text': context})}."

        return [update_session_context]


class EntityMemoryStore(LearningStore):
    """Facts about people, companies, projects and the like, for all users of the namespace."""

    name = "entity_memory"
    owner = "namespace"
    keeps = "Facts about third parties that were named: companies, projects, products, people."

    def line(self, content: Row) -> str:
        return f"{content.get('entity')} ({content.get('entity_type')}): {content.get('fact')}"

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def save_entity_fact(entity: str, entity_type: str, fact: str) -> str:
            """Keep a fact about somebody or something.

            Args:
                entity: Its name.
                entity_type: What it is, such as company or project.
                fact: One fact, in a short sentence.
            """
            content = {"entity": entity, "entity_type": entity_type, "fact": fact}
            owner = {"entity_id": _key(entity), "entity_type": entity_type[:50]}
            return f"Kept as {await learnings.keep(self.name, self.owner, _key(f'{entity} {fact}'), content, **owner)}."

        return [save_entity_fact, self.forgetter(learnings)]


class LearnedKnowledgeStore(LearningStore):
    """Insights that help with later tasks, whoever asks. With a knowledge base they are searched there."""

    name = "learned_knowledge"
    owner = "namespace"
    usual = LearningMode.AGENTIC
    keeps = "Insights that will help with other tasks and other users. No private facts."

    def line(self, content: Row) -> str:
        return f"{content.get('title')}: {content.get('learning')}"

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def save_learning(title: str, learning: str) -> str:
            """Keep an insight for later tasks.

            Args:
                title: A short title.
                learning: What was learned, and when it applies.
            """
            content = {"title": title, "learning": learning}
            kept = await learnings.keep(self.name, self.owner, _key(title), content)
            if learnings.knowledge is not None:
                add = learnings.knowledge.add_content
                if learnings.io.is_async:
                    add = getattr(learnings.knowledge, "add_content_async", add)
                await learnings.io.call(add, name=title, text_content=f"{title}: {learning}")
            return f"Kept as {kept}."

        return [save_learning, self.forgetter(learnings)]

    def readers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def search_learnings(query: str) -> str:
            """Look for insights of earlier tasks.

            Args:
                query: What to look for.
            """
            return "\n".join(await self.search(learnings, query)) or "Nothing was learned about this yet."

        return [search_learnings]

    async def search(self, learnings: Learnings, query: str) -> list[str]:
        """Insights that fit, as lines."""
        if learnings.knowledge is not None:
            find = learnings.knowledge.search
            if learnings.io.is_async:
                find = getattr(learnings.knowledge, "async_search", find)
            return [str(getattr(hit, "content", hit)) for hit in await learnings.io.call(find, query) or ()]
        rows = await learnings.all(self.name, self.owner)
        words = {word for word in re.findall(r"\w+", query.casefold()) if len(word) > 2}
        lines = [self.line(row["content"]) for row in rows]
        return [line for line in lines if words & set(re.findall(r"\w+", line.casefold()))][: self.limit]


class DecisionLogStore(LearningStore):
    """Decisions with their reasons, so that later ones can be made the same way."""

    name = "decision_log"
    owner = "namespace"
    usual = LearningMode.AGENTIC
    keeps = "Decisions of weight, with their reasons."

    def line(self, content: Row) -> str:
        return f"{content.get('decision')} (because {content.get('reasoning')})"

    def writers(self, learnings: Learnings) -> list[Callable[..., Any]]:
        async def log_decision(decision: str, reasoning: str) -> str:
            """Write down a decision.

            Args:
                decision: What was decided.
                reasoning: Why.
            """
            content = {"decision": decision, "reasoning": reasoning}
            return f"Kept as {await learnings.keep(self.name, self.owner, None, content)}."

        return [log_decision]


def _key(text: str) -> str:
    return re.sub(r"\W+", "-", text.casefold()).strip("-")[:100] or "-"


STORES: dict[str, type[LearningStore]] = {
    store.name: store
    for store in (
        UserProfileStore, UserMemoryStore, SessionContextStore, EntityMemoryStore, LearnedKnowledgeStore, DecisionLogStore
    )
}  # fmt: skip

__all__ = [
    "STORES",
    "DecisionLogStore",
    "EntityMemoryStore",
    "LearnedKnowledgeStore",
    "LearningMode",
    "LearningStore",
    "Row",
    "SessionContextStore",
    "UserMemoryStore",
    "UserProfileStore",
]
