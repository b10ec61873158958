"""What agents share and what they learn, above the row verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.db._port import RowVerbs
from agno.db.query import Place, Query, Where, equal
from agno.db.schemas.culture import CulturalKnowledge
from agno.db.tables import CULTURE, LEARNINGS, Row, fitting
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id


class Culture(RowVerbs):
    """Cultural knowledge, and learnings: rows with an owner (a user, an entity, a session or a namespace)."""

    # Cultural knowledge ----------------------------------------------------------------------------------------------

    def upsert_cultural_knowledge(self, cultural_knowledge: CulturalKnowledge, deserialize: bool = True) -> Any:
        """Store knowledge; gives it as it is stored. Without an id it is new."""
        cultural_knowledge.id = knowledge_id = cultural_knowledge.id or new_id()
        values = {name: getattr(cultural_knowledge, name) for name in CULTURE.names}

        def written(row: Row | None) -> Row:
            now = now_epoch()
            created = row["created_at"] if row is not None else values["created_at"] or now
            return fitting(CULTURE, {**values, "created_at": created, "updated_at": now})

        row = self.update(CULTURE, knowledge_id, written)
        assert row is not None
        return _knowledge(row) if deserialize else row

    def get_cultural_knowledge(self, id: str, deserialize: bool = True) -> Any:
        """Knowledge, or its row as a dict; None if it is not there."""
        row = self.get(CULTURE, id)
        return _knowledge(row) if row is not None and deserialize else row

    def get_all_cultural_knowledge(
        self,
        name: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        deserialize: bool = True,
    ) -> Any:
        """Knowledge that fits all filters; as dicts, with the number before paging."""
        where = equal(name=name, agent_id=agent_id, team_id=team_id)
        rows, total = self.find(CULTURE, Query(where, sort_by, sort_order, limit, page))
        return [_knowledge(row) for row in rows] if deserialize else (rows, total)

    def delete_cultural_knowledge(self, id: str) -> bool:
        """Delete knowledge. False if it is not there."""
        return bool(self.delete(CULTURE, [id]))

    def clear_cultural_knowledge(self) -> None:
        """Delete all of it."""
        self.delete(CULTURE, None)

    # Learnings -------------------------------------------------------------------------------------------------------

    def upsert_learning(self, learning: Row) -> Row:
        """Store a learning: `learning_type` and `content` must be there; without `learning_id` it is new."""
        row = {**dict.fromkeys(LEARNINGS.names), **learning}
        row["learning_id"] = learning_id = row["learning_id"] or new_id()

        def written(before: Row | None) -> Row:
            now = now_epoch()
            created = before["created_at"] if before is not None else now
            return fitting(LEARNINGS, {**row, "created_at": created, "updated_at": now})

        stored = self.update(LEARNINGS, learning_id, written)
        assert stored is not None
        return stored

    def get_learning(self, learning_id: str) -> Row | None:
        """A learning, or None."""
        return self.get(LEARNINGS, learning_id)

    def get_learnings(
        self,
        learning_type: str | None = None,
        *,
        namespace: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        entity_id: str | None = None,
        search_content: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        after: Place | None = None,
    ) -> tuple[list[Row], int | None]:
        """The learnings that fit, the one changed last first, and how many there are before paging (None with `after`)."""
        where = equal(
            learning_type=learning_type,
            namespace=namespace,
            user_id=user_id,
            session_id=session_id,
            entity_id=entity_id,
        )
        if search_content is not None:
            where = (*where, Where("contains", ("content",), search_content))
        return self._page_behind(LEARNINGS, Query(where, "updated_at", "desc", limit, page, after=after))

    def delete_learnings(self, learning_ids: Sequence[str]) -> int:
        """Delete learnings; how many there were."""
        return self.delete(LEARNINGS, list(learning_ids))

    def clear_learnings(self) -> None:
        """Delete all learnings of everybody."""
        self.delete(LEARNINGS, None)


def _knowledge(row: Row) -> CulturalKnowledge:
    return CulturalKnowledge.from_dict({name: value for name, value in row.items() if value is not None})


__all__ = ["Culture"]
