"""The skills of an agent: what the model is told of them, and the tools with which it loads them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from agno.skills.errors import SkillError
from agno.skills.loaders.base import SkillLoader
from agno.skills.skill import Skill
from agno.tools.function import Function
from agno.utils.log import log_warning
from agno.utils.rebuild import Rebuildable

_HINT = """Skills are instructions for special tasks. Before a task that fits the description of one, load it with \
get_skill_instructions; then read its references and scripts where its instructions say so."""
_LONGEST = 50_000  # characters of a script's output that go to the model


class Skills(Rebuildable):
    """The skills of all loaders; of two with the same name the first one counts. Loaded when first needed."""

    def __init__(self, loaders: Sequence[SkillLoader]) -> None:
        self.loaders = list(loaders)
        self._loaded: dict[str, Skill] | None = None

    @property
    def _skills(self) -> dict[str, Skill]:
        if self._loaded is None:
            self.reload()
        return self._loaded or {}

    def reload(self) -> None:
        """Read all skills anew."""
        found: dict[str, Skill] = {}
        for loader in self.loaders:
            for skill in loader.load():
                if skill.name in found:
                    log_warning(
                        f"skill {skill.name!r} of {skill.source_path} is hidden by {found[skill.name].source_path}"
                    )
                found.setdefault(skill.name, skill)
        self._loaded = found

    def get_skill(self, name: str) -> Skill | None:
        """The skill of this name."""
        return self._skills.get(name)

    def get_all_skills(self) -> list[Skill]:
        """All skills, in the order of their loaders."""
        return list(self._skills.values())

    def get_skill_names(self) -> list[str]:
        """Their names."""
        return list(self._skills)

    def get_system_prompt_snippet(self) -> str:
        """What a system message says about the skills; empty if there are none."""
        if not self._skills:
            return ""
        entries = [_entry(skill) for skill in self._skills.values()]
        return "\n".join(
            ["<skills_system>", _HINT, "<available_skills>", *entries, "</available_skills>", "</skills_system>"]
        )

    def get_tools(self) -> list[Function]:
        """`get_skill_instructions`, `get_skill_reference` and `get_skill_script`."""
        tools = (self._get_skill_instructions, self._get_skill_reference, self._get_skill_script)
        return [Function.from_callable(tool, name=tool.__name__[1:]) for tool in tools]

    # Tools -----------------------------------------------------------------------------------------------------------

    def _get_skill_instructions(self, skill_name: str) -> str:
        """Load the instructions of a skill. Do this before you use it.

        Args:
            skill_name: The name of the skill.
        """
        skill = self._known(skill_name)
        facts = {
            "skill_name": skill.name,
            "description": skill.description,
            "instructions": skill.instructions,
            "available_scripts": skill.scripts,
            "available_references": skill.references,
        }
        return _json(facts)

    def _get_skill_reference(self, skill_name: str, reference_path: str) -> str:
        """Read a reference document of a skill.

        Args:
            skill_name: The name of the skill.
            reference_path: The document, as its instructions list it.
        """
        path = self._file(skill_name, "references", reference_path)
        return _json({"skill_name": skill_name, "reference_path": reference_path, "content": _text(path)})

    def _get_skill_script(
        self,
        skill_name: str,
        script_path: str,
        execute: bool = False,
        args: list[str] | None = None,
        timeout: int = 30,
    ) -> str:
        """Read a script of a skill, or run it.

        Args:
            skill_name: The name of the skill.
            script_path: The script, as its instructions list it.
            execute: Run it and give its output; else give its text.
            args: Arguments for it.
            timeout: After so many seconds it is stopped.
        """
        path = self._file(skill_name, "scripts", script_path)
        facts: dict[str, Any] = {"skill_name": skill_name, "script_path": script_path}
        if not execute:
            return _json({**facts, "content": _text(path)})
        return _json({**facts, **_run(path, [str(arg) for arg in args or ()], timeout)})

    def _known(self, name: str) -> Skill:
        skill = self.get_skill(name)
        if skill is None:
            raise SkillError(f"There is no skill {name!r}. Skills: {', '.join(self._skills) or 'none'}.")
        return skill

    def _file(self, skill_name: str, folder: str, name: str) -> Path:
        """A file that the skill lists. What it does not list is refused, so no path leads out of the folder."""
        skill = self._known(skill_name)
        listed: list[str] = getattr(skill, folder)
        plain = name.removeprefix("./").removeprefix(f"{folder}/")
        if plain not in listed:
            raise SkillError(f"Skill {skill_name!r} has no file {name!r} in {folder}: {', '.join(listed) or 'none'}.")
        root = Path(skill.source_path, folder).resolve()
        path = (root / plain).resolve()
        if not path.is_relative_to(root):  # it became a link after the skill was loaded
            raise SkillError(f"{name!r} of skill {skill_name!r} leads out of its folder.")
        return path


def _entry(skill: Skill) -> str:
    lines = [f"<skill>\n<name>{escape(skill.name)}</name>\n<description>{escape(skill.description)}</description>"]
    if skill.scripts:
        lines.append(f"<scripts>{escape(', '.join(skill.scripts))}</scripts>")
    if skill.references:
        lines.append(f"<references>{escape(', '.join(skill.references))}</references>")
    return "\n".join([*lines, "</skill>"])


def _json(facts: dict[str, Any]) -> str:
    return msgspec.json.encode(facts).decode()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SkillError(f"{path.name} is no text.") from error


def _run(path: Path, arguments: list[str], timeout: int) -> dict[str, Any]:
    """What a script prints, run by what its first line names, else by this Python."""
    try:
        done = subprocess.run(
            [*_interpreter(path), str(path), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise SkillError(f"{path.name} did not end within {timeout} s.") from error
    except OSError as error:
        raise SkillError(f"{path.name} cannot be run: {error}.") from error
    return {"returncode": done.returncode, "stdout": done.stdout[:_LONGEST], "stderr": done.stderr[:_LONGEST]}


def _interpreter(path: Path) -> list[str]:
    with path.open("rb") as file:
        first = file.readline(300).decode(errors="replace").strip()
    named = first[2:].split() if first.startswith("#!") else []
    if path.suffix == ".py" or not named:
        return [sys.executable] if path.suffix == ".py" else _by_suffix(path)
    return ["/usr/bin/env", *named[1:]] if os.path.basename(named[0]) == "env" else named


def _by_suffix(path: Path) -> list[str]:
    known = {".sh": "sh", ".bash": "bash", ".js": "node", ".rb": "ruby", ".pl": "perl"}
    if path.suffix not in known:
        raise SkillError(f"{path.name} does not say what runs it: give it a first line such as #!/bin/sh.")
    return [known[path.suffix]]


__all__ = ["Skills"]
