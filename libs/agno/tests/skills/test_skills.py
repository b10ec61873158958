"""Skills: folders with a SKILL.md, told to the model and loaded by its tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.skills import LocalSkills, Skill, SkillError, SkillLoader, SkillParseError, Skills, SkillValidationError
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play

FRONT = """---
name: {name}
description: Writes <minutes> of meetings
license: MIT
allowed-tools: read_file  search
metadata:
  author: office
---

# Minutes

List the decisions first.
"""


def a_skill(folder: Path, name: str = "minutes", front: str = FRONT) -> Path:
    home = folder / name
    (home / "scripts" / "deep").mkdir(parents=True)
    (home / "references").mkdir()
    (home / "SKILL.md").write_text(front.format(name=name))
    (home / "scripts" / "count.py").write_text("import sys\nprint(len(sys.argv[1:]), 'given')\n")
    (home / "scripts" / "deep" / "hello.sh").write_text("#!/bin/sh\necho hello from sh\n")
    (home / "references" / "style.md").write_text("Be brief.")
    (folder / "secret.txt").write_text("keep out")
    return home


@pytest.fixture
def skills(tmp_path: Path) -> Skills:
    a_skill(tmp_path)
    return Skills(loaders=[LocalSkills(tmp_path)])


def test_a_skill_is_read_with_its_files(skills: Skills, tmp_path: Path) -> None:
    assert skills.get_skill("minutes") == Skill(
        name="minutes",
        description="Writes <minutes> of meetings",
        instructions="# Minutes\n\nList the decisions first.",
        source_path=str(tmp_path / "minutes"),
        scripts=["count.py", "deep/hello.sh"],
        references=["style.md"],
        metadata={"author": "office"},
        license="MIT",
        allowed_tools=["read_file", "search"],
    )
    assert skills.get_skill_names() == ["minutes"]
    one = LocalSkills(tmp_path / "minutes").load()
    assert Skill.from_dict(one[0].to_dict()) == one[0]


@in_every_mode
def test_the_model_hears_of_skills_and_loads_them(mode: str, skills: Skills) -> None:
    model = ScriptedModel(
        wants("get_skill_instructions", skill_name="minutes"),
        wants("get_skill_reference", skill_name="minutes", reference_path="style.md"),
        wants("get_skill_script", skill_name="minutes", script_path="count.py", execute=True, args=["a", "b"]),
        says("done"),
    )
    seen = play(Agent(model=model, skills=skills, additional_context="CONTEXT"), "minutes, please", mode)
    assert seen.output is not None and seen.output.content == "done"
    system = model.requests[0].messages[0].content
    assert "<name>minutes</name>" in system and "Writes &lt;minutes&gt; of meetings" in system
    assert system.index("CONTEXT") < system.index("<skills_system>") and "decisions first" not in system
    assert model.requests[0].tool_names == ["get_skill_instructions", "get_skill_reference", "get_skill_script"]
    given = [json.loads(tool.result) for tool in seen.output.tools]
    assert given[0]["instructions"].endswith("List the decisions first.")
    assert given[0]["available_scripts"] == ["count.py", "deep/hello.sh"]
    assert given[1]["content"] == "Be brief."
    assert given[2]["stdout"] == "2 given\n" and given[2]["returncode"] == 0


def used(skills: Skills, tool: str, **arguments: Any) -> Any:
    [function] = [f for f in skills.get_tools() if f.name == tool]
    return function.call({"skill_name": "minutes", **arguments}).execute()


def test_scripts_are_read_or_run(skills: Skills) -> None:
    read = used(skills, "get_skill_script", script_path="scripts/count.py")
    assert "import sys" in json.loads(read.result)["content"]
    run = used(skills, "get_skill_script", script_path="deep/hello.sh", execute=True)
    assert json.loads(run.result)["stdout"] == "hello from sh\n"


def test_a_script_that_does_not_end_is_stopped(skills: Skills, tmp_path: Path) -> None:
    (tmp_path / "minutes" / "scripts" / "count.py").write_text("import time\ntime.sleep(60)\n")
    done = used(skills, "get_skill_script", script_path="count.py", execute=True, timeout=1)
    assert done.error == "count.py did not end within 1 s."


@pytest.mark.parametrize("path", ["../../secret.txt", "/etc/passwd", "link.md", "..", "", "style.md/../../SKILL.md"])
def test_no_path_leads_out_of_a_skill(skills: Skills, tmp_path: Path, path: str) -> None:
    (tmp_path / "minutes" / "references" / "link.md").symlink_to(tmp_path / "secret.txt")
    skills.reload()
    done = used(skills, "get_skill_reference", reference_path=path)
    assert done.status == "failure" and "has no file" in done.error and "style.md" in done.error


def test_a_file_that_becomes_a_link_later_is_refused(skills: Skills, tmp_path: Path) -> None:
    style = tmp_path / "minutes" / "references" / "style.md"
    assert skills.get_skill("minutes") is not None
    style.unlink()
    style.symlink_to(tmp_path / "secret.txt")
    assert "leads out of its folder" in used(skills, "get_skill_reference", reference_path="style.md").error


def test_an_unknown_skill_is_told_with_the_known_ones(skills: Skills) -> None:
    done = used(skills, "get_skill_instructions", skill_name="poems")
    assert done.error == "There is no skill 'poems'. Skills: minutes."


@pytest.mark.parametrize(
    ("front", "rule"),
    [
        ("---\nname: other\ndescription: d\n---\n", "differs from its folder 'minutes'"),
        ("---\nname: minutes\n---\n", "'description' is missing"),
        ("---\nname: minutes\ndescription: d\ncolour: red\n---\n", "'colour' is no fact of a skill"),
        ("---\nname: My_Skill\ndescription: d\n---\n", "must be of a-z and 0-9"),
        (f"---\nname: minutes\ndescription: {'d' * 1025}\n---\n", "has 1025 characters"),
        ("---\nname: minutes\ndescription: d\nmetadata: x\n---\n", "'metadata' must be keys with values"),
    ],
)
def test_rules_are_checked_unless_told_otherwise(tmp_path: Path, front: str, rule: str) -> None:
    a_skill(tmp_path, front=front.replace("{", "{{").replace("}", "}}"))
    with pytest.raises(SkillValidationError) as caught:
        LocalSkills(tmp_path).load()
    assert rule in str(caught.value) and any(rule in error for error in caught.value.errors)
    assert len(LocalSkills(tmp_path, validate=False).load()) == 1


@pytest.mark.parametrize("text", ["no facts", "---\nname: [\n---\n", "---\n- a list\n---\n"])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, text: str) -> None:
    home = a_skill(tmp_path)
    (home / "SKILL.md").write_text(text)
    with pytest.raises(SkillParseError, match="SKILL.md"):
        LocalSkills(tmp_path).load()


def test_a_missing_folder_is_an_error_and_the_first_of_two_names_counts(tmp_path: Path) -> None:
    with pytest.raises(SkillError, match="there is no such folder"):
        LocalSkills(tmp_path / "nowhere").load()

    class Fixed(SkillLoader):
        def load(self) -> list[Skill]:
            return [Skill("minutes", "mine", "", "here")]

    a_skill(tmp_path)
    both = Skills([Fixed(), LocalSkills(tmp_path)])
    assert both.get_skill("minutes").description == "mine" and len(both.get_all_skills()) == 1
    assert Skills([]).get_system_prompt_snippet() == ""
