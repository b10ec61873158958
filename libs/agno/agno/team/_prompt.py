"""What a leader is told: that it leads, whom, and how it gives tasks; then what any agent is told."""

from __future__ import annotations

from agno._engine import memories, prompt
from agno._engine.context import Run
from agno._engine.inputs import MEDIA
from agno.team.mode import TeamMode


def lead_in(run: Run) -> str:
    return "You lead a team of agents, and teams of them. You give them tasks and answer the user.\n"


def team_members(run: Run) -> str:
    team, roster = run.component, run.delegations.roster
    hint = "\nCall get_member_information to read about them again." if team.get_member_information_tool else ""
    listing = roster.listing(with_tools=team.add_member_tools_to_context)
    return f"<team_members>\n{listing or 'The team has no members.'}\n</team_members>{hint}\n"


_HOW = {
    TeamMode.coordinate: (
        "- If you know the answer, or can find it with your own tools, answer the user directly.\n"
        "- Else call delegate_task_to_member with the ID of the member that fits best. Say everything that the member has "
        "to know: it sees only the task that you give it.\n"
        "- You may give tasks to several members, at once or one after the other.\n"
        "- Read what the members answer before you answer the user. If an answer is not good enough, give the task again, "
        "with what is missing, or to another member."
    ),
    TeamMode.route: (
        "- If you know the answer, answer the user directly.\n"
        "- Else call delegate_task_to_member with the ID of the one member that fits best. Its answer goes to the user as "
        "it is; you say nothing more."
    ),
    TeamMode.broadcast: (
        "- If you know the answer, or can find it with your own tools, answer the user directly.\n"
        "- Else call delegate_task_to_members: every member gets the task and does it in its own way. Say everything that "
        "they have to know: they see only the task that you give them.\n"
        "- Bring together what they answer: where they agree, where they differ, and what follows from it."
    ),
    TeamMode.tasks: (
        "- Break the user's goal into tasks with create_task; say who does each, and which tasks it depends on.\n"
        "- Do them with execute_task, or with execute_tasks_parallel those that do not depend on each other.\n"
        "- Read each result. Correct the list where it turns out to be wrong: create more tasks, or close some with "
        "update_task_status.\n"
        "- When the goal is reached, call mark_all_complete, and answer the user."
    ),
}


def how_to_respond(run: Run) -> str:
    return f"<how_to_respond>\n{_HOW[run.component.team_mode]}\n</how_to_respond>\n"


def attached_media(run: Run) -> str | None:
    kinds = [name for name in MEDIA if run.asked.get(name)] if run.asked else []
    if not kinds:
        return None
    return f"<attached_media>\nThe user attached: {', '.join(kinds)}. Members get them with every task.\n</attached_media>\n"


def description(run: Run) -> str | None:
    text = run.component.description
    return f"<description>\n{text}\n</description>\n" if text else None


def additional_context(run: Run) -> str | None:
    text = run.component.additional_context
    return f"<additional_context>\n{text}\n</additional_context>\n" if text else None


SECTIONS: dict[prompt.Section, tuple[str, ...]] = {
    lead_in: (),
    team_members: (),
    how_to_respond: (),
    attached_media: (),
    memories.section: prompt.SECTIONS[memories.section],
    prompt.summary: prompt.SECTIONS[prompt.summary],
    description: ("description",),
    prompt.role: ("role",),
    prompt.instructions: (),
    prompt.additional_information: prompt.SECTIONS[prompt.additional_information],
    prompt.tool_instructions: prompt.SECTIONS[prompt.tool_instructions],
    prompt.model_system_prompt: (),
    prompt.expected_output: ("expected_output",),
    additional_context: ("additional_context",),
    prompt.skills: ("skills",),
    prompt.shared: prompt.SECTIONS[prompt.shared],
    prompt.learned: prompt.SECTIONS[prompt.learned],
    prompt.knowledge_guidance: prompt.SECTIONS[prompt.knowledge_guidance],
    prompt.session_state: (),
    prompt.json_fields: (),
}
TEMPLATED = prompt.TEMPLATED | {description}

__all__ = ["SECTIONS", "TEMPLATED"]
