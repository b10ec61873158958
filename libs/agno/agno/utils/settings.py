"""Configuration objects whose instances hold only what was set: everything else is a default on the class."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, TypeVar

from typing_extensions import dataclass_transform

S = TypeVar("S", bound="Settings")
_set = object.__setattr__
_MOST = 1000  # shapes of one class that are remembered


@dataclass_transform(kw_only_default=True)
class Settings:
    """Base of `Agent`, `Team`, `Workflow`: annotated class attributes are the keyword arguments of the constructor.

    Building an object costs one dict, whatever the number of settings. `_aliases` maps spellings of other
    versions to ours, `_removed` maps names that existed once to the sentence that says what to use.
    """

    _names: ClassVar[frozenset[str]] = frozenset()
    _aliases: ClassVar[dict[str, str]] = {}
    _removed: ClassVar[dict[str, str]] = {}
    _required: ClassVar[tuple[str, ...]] = ()  # these have no default
    _shapes: ClassVar[set[tuple[Any, ...]]]  # names and types of settings that were found right: of most objects
    _plans: ClassVar[Any] = None  # what was made from the settings of an object, until one of them is set

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = cls.__dict__.get("__annotations__", {})
        names = [name for name, kind in own.items() if not name.startswith("_") and "ClassVar" not in str(kind)]
        cls._names, cls._shapes = cls._names | frozenset(names), set()

    def __init__(self, **settings: Any) -> None:
        self._take(settings)

    def _take(self, settings: dict[str, Any]) -> None:
        """Have these settings. The dict becomes the object's own."""
        shape = (*settings, *map(type, settings.values()))
        if shape in self._shapes:  # programs make agents of one kind over and over
            _set(self, "__dict__", settings)
            return
        known = settings.keys() <= self._names
        _set(self, "__dict__", settings if known else self._translated(settings))
        if self._check() and known and len(self._shapes) < _MOST:
            self._shapes.add(shape)

    def _check(self) -> bool:
        """Raise TypeError for a value that cannot be right. True if the types of the values alone say that they are."""
        return True

    def __setattr__(self, name: str, value: Any) -> None:
        _set(self, name, value)
        self.__dict__.pop("_plans", None)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self.__dict__.pop("_plans", None)

    def _translated(self, settings: dict[str, Any]) -> dict[str, Any]:
        translated: dict[str, Any] = {}
        for name, value in settings.items():
            if name in self._names:
                translated[name] = value
            elif name in self._aliases:
                translated.setdefault(self._aliases[name], value)
            else:
                raise TypeError(self._unknown(name))
        return translated

    def _unknown(self, name: str) -> str:
        owner = type(self).__name__
        if name in self._removed:
            return f"{owner} has no setting {name!r}: {self._removed[name]}"
        near = [known for known in sorted(self._names) if name in known or known in name]
        near.sort(key=lambda known: abs(len(known) - len(name)))
        hint = f" Did you mean {' or '.join(repr(n) for n in near[:3])}?" if near else ""
        return f"{owner} has no setting {name!r}.{hint}"

    def settings(self) -> dict[str, Any]:
        """What was set on this object, by name."""
        return {name: value for name, value in self.__dict__.items() if name in self._names}

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={value!r}" for name, value in self.settings().items() if name in ("id", "name", "model")
        )
        return f"{type(self).__name__}({shown})"


def publish_signature(cls: type[S]) -> type[S]:
    """Class decorator: give the constructor the signature that `help()` and `inspect` should see."""
    parameters: list[inspect.Parameter] = []
    for owner in reversed(cls.__mro__):
        for name, kind in owner.__dict__.get("__annotations__", {}).items():
            if name in cls._names:
                default = getattr(cls, name)
                default = default.default if isinstance(default, Derived) else default
                default = inspect.Parameter.empty if name in cls._required else default
                parameters.append(
                    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
                )

    known = {parameter.name: parameter for parameter in parameters}
    parameters += [known[new].replace(name=old) for old, new in cls._aliases.items()]
    first = getattr(cls, "_positions", ())  # those that may be given by position
    for name in reversed(first):
        one = next(parameter for parameter in parameters if parameter.name == name)
        parameters.remove(one)
        parameters.insert(0, one.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD))
    cls.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect
    if (init := cls.__dict__.get("__init__")) is not None:  # some look at the constructor itself
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        init.__signature__ = inspect.Signature([own, *parameters])
    return cls


class Derived:
    """A setting that, left alone, is computed from the others at its first read: an id from a name."""

    default = None

    def __init__(self, compute: Any) -> None:
        self.compute = compute

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.name)
        return self.compute(instance) if value is None else value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value


class Alias:
    """The spelling of another version for a setting: reads and sets it."""

    def __init__(self, setting: str) -> None:
        self.setting = setting

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else getattr(instance, self.setting)

    def __set__(self, instance: Any, value: Any) -> None:
        setattr(instance, self.setting, value)


__all__ = ["Alias", "Derived", "Settings", "publish_signature"]
