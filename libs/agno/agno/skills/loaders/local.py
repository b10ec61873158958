"""Skills in folders of this machine."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from agno.skills.errors import SkillError, SkillParseError, SkillValidationError
from agno.skills.loaders.base import SkillLoader
from agno.skills.skill import Skill

SKILL_FILE = "SKILL.md"
_FRONT = re.compile(r"\A\s*---\s*\n(?P<facts>.*?)\n---\s*(?:\n(?P<text>.*))?\Z", re.S)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KNOWN = frozenset({"name", "description", "license", "compatibility", "metadata", "allowed-tools"})
_LENGTHS = {"name": 64, "description": 1024, "compatibility": 500}  # of the Agent Skills format


class LocalSkills(SkillLoader):
    """The skill in a folder with a `SKILL.md`, or the skills in the folders below it.

    `validate=True` holds every skill to the rules of the Agent Skills format and names all it breaks.
    """

    def __init__(self, path: str | Path, validate: bool = True) -> None:
        self.path = Path(path).expanduser().resolve()
        self.validate = validate

    def load(self) -> list[Skill]:
        """Read the skills, by name. Raises SkillError if the folder is not there, or a skill cannot be used."""
        if not self.path.is_dir():
            raise SkillError(f"LocalSkills({str(self.path)!r}): there is no such folder.")
        if (self.path / SKILL_FILE).is_file():
            return [self._skill(self.path)]
        folders = [folder for folder in sorted(self.path.iterdir()) if (folder / SKILL_FILE).is_file()]
        return [self._skill(folder) for folder in folders if not folder.name.startswith(".")]

    def _skill(self, folder: Path) -> Skill:
        facts, text = _front_matter(folder / SKILL_FILE)
        if self.validate and (wrong := _broken_rules(facts, folder.name)):
            raise SkillValidationError(f"{folder / SKILL_FILE} breaks the rules of skills: {'; '.join(wrong)}.", wrong)
        return Skill(
            name=str(facts.get("name") or folder.name),
            description=str(facts.get("description") or ""),
            instructions=text,
            source_path=str(folder),
            scripts=_files(folder / "scripts"),
            references=_files(folder / "references"),
            metadata=facts.get("metadata"),
            license=facts.get("license"),
            compatibility=facts.get("compatibility"),
            allowed_tools=_words(facts.get("allowed-tools")),
        )


def _front_matter(path: Path) -> tuple[dict[str, Any], str]:
    """The facts between the two lines of dashes, and the text behind them."""
    try:
        found = _FRONT.match(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SkillParseError(f"{path} cannot be read: {error}.") from error
    if found is None:
        raise SkillParseError(f"{path} must begin with a block of facts (name, description) between two lines of ---.")
    try:
        yaml = import_module("yaml")
    except ImportError as error:
        raise ImportError("Skills need `pyyaml`. Install it with: pip install agno[skills]") from error
    try:
        facts = yaml.safe_load(found["facts"])
    except yaml.YAMLError as error:
        raise SkillParseError(f"The facts at the head of {path} are no YAML: {error}") from error
    if not isinstance(facts, dict):
        raise SkillParseError(f"The facts at the head of {path} must be lines such as `name: my-skill`.")
    return facts, (found["text"] or "").strip()


def _broken_rules(facts: dict[str, Any], folder: str) -> list[str]:
    wrong = [f"{key!r} is missing" for key in ("name", "description") if not facts.get(key)]
    wrong += [f"{key!r} is no fact of a skill" for key in facts if key not in _KNOWN]
    for key, longest in _LENGTHS.items():
        value = facts.get(key)
        if value is not None and not isinstance(value, str):
            wrong.append(f"{key!r} is no text")
        elif value is not None and len(value) > longest:
            wrong.append(f"{key!r} has {len(value)} characters, more than {longest}")
    name = facts.get("name")
    if isinstance(name, str) and name:
        if not _NAME.fullmatch(name):
            wrong.append(f"the name {name!r} must be of a-z and 0-9, its words joined by single hyphens")
        if name != folder:
            wrong.append(f"the name {name!r} differs from its folder {folder!r}")
    if not isinstance(facts.get("metadata"), (dict, type(None))):
        wrong.append("'metadata' must be keys with values")
    return wrong


def _files(folder: Path) -> list[str]:
    """The files of a folder and those below it, by their path in it. Links that lead out are left out."""
    root = folder.resolve()
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.resolve().is_relative_to(root)]
    paths = [path.relative_to(folder) for path in found]
    return [path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)]


def _words(value: Any) -> list[str] | None:
    return None if value is None else value.split() if isinstance(value, str) else [str(item) for item in value]


__all__ = ["SKILL_FILE", "LocalSkills"]
