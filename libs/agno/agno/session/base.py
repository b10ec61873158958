"""What sessions share: name, tags, the facts of the newest run, plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from agno.session.facts import LastRunFacts
from agno.session.summary_data import SessionSummary
from agno.utils.codec import UNKNOWN, copied, encode
from agno.utils.log import log_warning

S = TypeVar("S", bound="SessionBase")

# names of v1 and where they went: a field, or a key of `session_data`
_OLD_NAMES = {
    "session_name": "session_name",
    "session_description": "description",
    "session_tags": "tags",
    "session_metadata": "metadata",
    "session_created_at": "created_at",
    "session_updated_at": "updated_at",
}


class SessionBase(LastRunFacts):
    """Methods and derived facts of a session."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    session_id: str
    user_id: str | None
    session_data: dict[str, Any] | None
    metadata: dict[str, Any] | None
    runs: list[Any] | None
    summary: SessionSummary | None
    created_at: int | None
    updated_at: int | None

    # Stored facts ----------------------------------------------------------------------------------------------------

    def _datum(self, key: str) -> Any:
        return (self.session_data or {}).get(key)

    def _set_datum(self, key: str, value: Any) -> None:
        self.session_data = {**(self.session_data or {}), key: value}

    @property
    def name(self) -> str | None:
        """The session's name."""
        name: str | None = self._datum("session_name")
        return name

    @name.setter
    def name(self, value: str | None) -> None:
        self._set_datum("session_name", value)

    @property
    def description(self) -> str | None:
        """What the session is about."""
        description: str | None = self._datum("description")
        return description

    @description.setter
    def description(self, value: str | None) -> None:
        self._set_datum("description", value)

    @property
    def tags(self) -> list[str]:
        """Tags, in the order they were set."""
        return list(self._datum("tags") or ())

    @tags.setter
    def tags(self, value: list[str]) -> None:
        self._set_datum("tags", list(value))

    if TYPE_CHECKING:  # the last_run_… properties are made from a table

        def __getattr__(self, name: str) -> Any: ...

    else:

        def __getattr__(self, name: str) -> Any:
            owner = type(self).__name__
            if name in _OLD_NAMES:
                raise AttributeError(f"{owner}.{name} is now .{name.removeprefix('session_')}")
            if (now := name.removeprefix("session_")) != name and hasattr(LastRunFacts, now):
                raise AttributeError(f"{owner}.{name} is now .{now}")
            raise AttributeError(f"{owner} has no attribute {name!r}")

    # Runs ------------------------------------------------------------------------------------------------------------

    def upsert_run(self, run: Any) -> None:
        """Replace the run with this id, or append it."""
        if self.runs is None:
            self.runs = []
        for position, known in enumerate(self.runs):
            if known.run_id == run.run_id:
                self.runs[position] = run
                return
        self.runs.append(run)

    def get_run(self, run_id: str) -> Any:
        """The run with this id, or None."""
        return next((run for run in self.runs or () if run.run_id == run_id), None)

    def get_session_summary(self) -> SessionSummary | None:
        """The summary, if there is one."""
        return self.summary

    # Plain data ------------------------------------------------------------------------------------------------------

    def header(self) -> dict[str, Any]:
        """Everything but the runs."""
        data = {name: encode(getattr(self, name)) for name in self.__dataclass_fields__ if name != "runs"}
        for name, value in (self.__dict__.get(UNKNOWN) or {}).items():
            data.setdefault(name, copied(value))
        return data

    def to_dict(self) -> dict[str, Any]:
        """All fields; runs as dicts, or None."""
        return {**self.header(), "runs": [run.to_dict() for run in self.runs] if self.runs else None}

    @classmethod
    def from_dict(cls: type[S], data: Mapping[str, Any]) -> S | None:
        """The inverse of `to_dict`, also of records with the names of v1. None, with a warning, without a session_id."""
        if not data or data.get("session_id") is None:
            log_warning("A session without session_id cannot be read")
            return None
        names = cls.__dataclass_fields__
        values = _current_names(data, names)
        unknown = {name: copied(value) for name, value in values.items() if name not in names}
        fields = {name: copied(value) for name, value in values.items() if name in names and name != "runs"}
        if isinstance(fields.get("summary"), Mapping):
            fields["summary"] = SessionSummary.from_dict(fields["summary"])
        session = cls(**fields)
        if (runs := data.get("runs")) is not None:
            session.runs = [cls.read_run(run) if isinstance(run, Mapping) else run for run in runs]
        if unknown:
            session.__dict__[UNKNOWN] = unknown
        return session

    @staticmethod
    def read_run(data: Mapping[str, Any]) -> Any:
        """A run of this kind of session from its dict."""
        return data


def _current_names(data: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """The record with old spellings translated; a new name that is there already wins."""
    if not (data.keys() & _OLD_NAMES.keys()):
        return dict(data)
    values = {name: value for name, value in data.items() if name not in _OLD_NAMES}
    session_data = dict(values.get("session_data") or {})
    for old, new in _OLD_NAMES.items():
        if old not in data:
            continue
        target = values if new in names else session_data
        if target.get(new) is None:
            target[new] = data[old]
    return {**values, "session_data": session_data or None}


__all__ = ["SessionBase"]
