"""Components as plain data: `to_dict` and `from_dict`, and storing them in versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from agno._io import ASYNC, IO, SYNC, asynchronous, drive, sync
from agno.db._components import Stage
from agno.db.base import BaseDb
from agno.exceptions import ComponentPinError
from agno.utils.later import later
from agno.utils.settings import Settings

if TYPE_CHECKING:
    from agno.registry.registry import Registry

D = TypeVar("D", bound="Definition")

_coding = later("agno.registry.coding")  # an agent that is never stored does without it


class Definition(Settings):
    """A component as plain data, and its versions in a database.

    Functions and classes are stored as import paths, other objects by their name in a `Registry`. Keys and passwords are
    never stored: models and toolkits read them from the environment again. What is loaded imports the modules that it
    names, so load from a database that you trust.
    """

    session_type = "agent"  # also the kind of component

    def to_dict(self, registry: Registry | None = None) -> dict[str, Any]:
        """The settings that were given, as plain data. Raises ValueError for one that cannot be stored."""
        component: Any = self
        writer = _coding.Writer(f"{type(self).__name__} {component.name or component.id!r}", registry)
        settings = {name: writer.write(value, name) for name, value in self.settings().items()}
        return {**settings, "id": component.id}

    @classmethod
    def from_dict(
        cls: type[D], data: Mapping[str, Any], registry: Registry | None = None, db: BaseDb | None = None
    ) -> D:
        """The inverse of `to_dict`. Keys that are no settings are ignored. Raises ComponentRehydrationError if something that
        the data names is missing."""
        reader = _coding.Reader(f"{cls.__name__} {data.get('name') or data.get('id')!r}", registry, db)
        return cls(**{name: reader.read(value) for name, value in data.items() if name in cls._names})

    async def _save_definition(
        self,
        io: IO,
        *,
        db: BaseDb | None = None,
        registry: Registry | None = None,
        stage: Stage = "published",
        label: str | None = None,
        notes: str | None = None,
    ) -> int:
        """Store the component as a new version in `db`, by default its own, and return the number of the version.

        A version with `stage="draft"` is kept, but `load` still returns the newest published one. `label` is a name by which
        `load` can ask for this version; `notes` say what changed.
        """
        component: Any = self
        facts = {"name": component.name, "description": component.description, "metadata": component.metadata}
        version: int = await io.call(
            self._store(db).save_component,
            self.session_type,
            component.id,
            self.to_dict(registry),
            **facts,
            stage=stage,
            label=label,
            notes=notes,
        )
        return version

    save = sync(_save_definition)
    asave = asynchronous(_save_definition)

    @classmethod
    def load(
        cls: type[D],
        id: str,
        *,
        db: BaseDb,
        registry: Registry | None = None,
        version: int | None = None,
        label: str | None = None,
    ) -> D | None:
        """The stored component with this id, or None: the published version, or the one with this number or label. Raises
        ComponentPinError if it has no such version or label."""
        return drive(cls._load_definition(SYNC, id, db, registry, version, label))

    @classmethod
    async def aload(
        cls: type[D],
        id: str,
        *,
        db: BaseDb,
        registry: Registry | None = None,
        version: int | None = None,
        label: str | None = None,
    ) -> D | None:
        """`load` for asyncio."""
        return await cls._load_definition(ASYNC, id, db, registry, version, label)

    @classmethod
    async def _load_definition(
        cls: type[D], io: IO, id: str, db: BaseDb, registry: Registry | None, version: int | None, label: str | None
    ) -> D | None:
        found = await io.call(db.load_component, cls.session_type, id, version=version, label=label)
        if found is not None:
            return cls.from_dict(found["config"], registry, db)
        pinned = version is not None or label is not None
        if pinned and await io.call(db.component_versions, cls.session_type, id):
            asked = f"version {version}" if label is None else f"version labelled {label!r}"
            raise ComponentPinError(f"{cls.__name__} {id!r} has no {asked}.")
        return None

    async def _delete_definition(self, io: IO, *, db: BaseDb | None = None, version: int | None = None) -> bool:
        """Delete all versions of this component, or one. Returns False if there is nothing to delete."""
        component: Any = self
        return bool(await io.call(self._store(db).delete_component, self.session_type, component.id, version))

    delete = sync(_delete_definition)
    adelete = asynchronous(_delete_definition)

    def _store(self, db: BaseDb | None) -> BaseDb:
        component: Any = self
        found: BaseDb | None = db if db is not None else component.db
        if found is None:
            raise ValueError(f"{self!r} has no database to be stored in: give it db=, or call save(db=...).")
        return found


__all__ = ["Definition"]
