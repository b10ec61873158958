"""Stored components: what an agent, a team or a workflow was defined as, in numbered versions.

A component is one row that counts, and one row per version. The number is taken first, then the version is written,
then it is put in use, so that no version is ever written over and a broken write leaves the old one in use.
"""

from __future__ import annotations

from typing import Any, Literal

from agno.db._port import DbError, RowVerbs
from agno.db.query import Place, Query, Where, equal
from agno.db.tables import COMPONENTS, Row
from agno.utils.dttm import now_epoch

Stage = Literal["draft", "published"]
_ONLY = Where("set", ("latest",))  # components, not their versions


class Components(RowVerbs):
    """Definitions of components."""

    def save_component(
        self,
        component_type: str,
        component_id: str,
        config: dict[str, Any],
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        stage: Stage = "published",
        label: str | None = None,
        notes: str | None = None,
        current: bool = True,
    ) -> int:
        """Store a new version; gives its number. A draft, or any with `current=False`, is kept but does not come into use."""
        now = now_epoch()
        facts = {
            "component_type": component_type,
            "component_id": component_id,
            "name": name,
            "description": description,
        }
        key = _key(component_type, component_id)

        def counted(row: Row | None) -> Row:
            latest = (row["latest"] if row else 0) + 1
            return {
                "version": None,
                "created_at": now,
                **(row or {}),
                **facts,
                "metadata": metadata,
                "id": key,
                "latest": latest,
                "updated_at": now,
            }

        header = self.update(COMPONENTS, key, counted)
        assert header is not None
        version: int = header["latest"]
        written = {"config": config, "metadata": metadata, "stage": stage, "label": label, "notes": notes}
        row = {**facts, **written, "id": _key(component_type, component_id, version), "version": version}
        self.put(COMPONENTS, {**row, "latest": None, "created_at": now, "updated_at": now})
        if stage == "published" and current:
            self.update(COMPONENTS, key, lambda row: row and {**row, "version": max(row["version"] or 0, version)})
        return version

    def get_component(self, component_type: str, component_id: str) -> Row | None:
        """A component without its configuration: `version` is the one in use, `latest` the last number that was given."""
        return self.get(COMPONENTS, _key(component_type, component_id))

    def update_component(
        self,
        component_type: str,
        component_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        version: int | None = None,
    ) -> Row | None:
        """Change what is given, and put a published `version` in use, an older one, too; gives the component, or None.

        Raises DbError (404, 409) for a version that is not there, or is a draft.
        """
        if version is not None:
            chosen = self.get(COMPONENTS, _key(component_type, component_id, version))
            if chosen is None:
                raise DbError(f"{component_type} {component_id!r} has no version {version}.", 404)
            if chosen["stage"] != "published":
                raise DbError(
                    f"Version {version} of {component_type} {component_id!r} is a draft. Publish it first.", 409
                )
        changes = {"name": name, "description": description, "metadata": metadata, "version": version}
        given = {field: value for field, value in changes.items() if value is not None}
        return self._change_row(COMPONENTS, _key(component_type, component_id), given)

    def update_component_version(
        self,
        component_type: str,
        component_id: str,
        version: int,
        *,
        config: dict[str, Any] | None = None,
        stage: Stage | None = None,
        label: str | None = None,
        notes: str | None = None,
    ) -> Row | None:
        """Change what is given of a draft; with `stage="published"` it comes into use. Gives the version, or None.

        What was published is never changed: DbError (409).
        """
        changes = {"config": config, "stage": stage, "label": label, "notes": notes}
        given = {name: value for name, value in changes.items() if value is not None}

        def changed(row: Row | None) -> Row | None:
            if row is not None and row["stage"] != "draft":
                raise DbError(
                    f"Version {version} of {component_type} {component_id!r} is published, so it stays as it is. Store a new one.",
                    409,
                )
            return row and {**row, **given, "updated_at": now_epoch()}

        row = self.update(COMPONENTS, _key(component_type, component_id, version), changed)
        if row is not None and stage == "published":
            self.update_component(component_type, component_id, version=version)
        return row

    def load_component(
        self, component_type: str, component_id: str, *, version: int | None = None, label: str | None = None
    ) -> Row | None:
        """A version as a row: the one asked for, the newest with a label, or the one in use (else the newest draft)."""
        if label is not None:
            labelled = [row for row in self.component_versions(component_type, component_id) if row["label"] == label]
            return labelled[-1] if labelled else None
        if version is None:
            header = self.get(COMPONENTS, _key(component_type, component_id))
            if header is None:
                return None
            version = header["version"] or header["latest"]
        return self.get(COMPONENTS, _key(component_type, component_id, version))

    def component_versions(self, component_type: str, component_id: str) -> list[Row]:
        """All versions of a component, oldest first."""
        where = equal(component_type=component_type, component_id=component_id)
        rows, _ = self.find(COMPONENTS, Query(where, "version", "asc"))
        return [row for row in rows if row["latest"] is None]

    def get_components(
        self,
        component_type: str | None = None,
        limit: int | None = None,
        page: int | None = None,
        *,
        after: Place | None = None,
    ) -> tuple[list[Row], int | None]:
        """The components, newest first, without their configuration; and how many there are before paging (None with
        `after`)."""
        where = (*equal(component_type=component_type), _ONLY)
        return self._page_behind(COMPONENTS, Query(where, "created_at", "desc", limit, page, after=after))

    def delete_component(self, component_type: str, component_id: str, version: int | None = None) -> bool:
        """Delete a component, or one version of it. False if it is not there."""
        key = _key(component_type, component_id)
        versions = self.component_versions(component_type, component_id)
        kept = [row for row in versions if version is not None and row["version"] != version]
        gone = [row["id"] for row in versions if row not in kept]
        if not kept:
            gone.append(key)
        if not self.delete(COMPONENTS, gone):
            return False
        if kept:
            published = {row["version"] for row in kept if row["stage"] == "published"}

            def settled(row: Row | None) -> Row | None:
                in_use = row and (row["version"] if row["version"] in published else max(published, default=None))
                return row and {**row, "version": in_use, "updated_at": now_epoch()}

            self.update(COMPONENTS, key, settled)
        return True


def _key(component_type: str, component_id: str, version: int | None = None) -> str:
    return f"{component_type}/{component_id}" + ("" if version is None else f"@{version}")


__all__ = ["Components", "Stage"]
