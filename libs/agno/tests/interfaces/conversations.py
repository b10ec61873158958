"""What a conversation has in each protocol: the test that shows it, or why the protocol has no such thing.

`docs/interfaces.md` shows this as a table, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CELLS = ("start", "stream", "tool call", "approval", "file", "error", "cancel")
START, END = "<!-- table of conversations -->", "<!-- end of the table of conversations -->"


@dataclass(frozen=True)
class Protocol:
    """Its peer, the file with the tests, and for each of `CELLS` the name of a test in there, or "- " and a reason."""

    name: str
    peer: str
    path: str
    tests: tuple[str, ...]

    def cells(self) -> Iterator[tuple[str, str]]:
        return zip(CELLS, self.tests, strict=True)


_WHOLE = "test_a_conversation_from_a_question_over_an_approval_to_a_file_an_error_and_a_cancel"
_AGUI = "test_text_reasoning_tools_and_state_reach_the_client"
_VERCEL = "test_text_reasoning_tools_and_usage_reach_the_page"
_STARTED = "test_an_agent_a_team_and_a_workflow_are_models_by_their_ids"
_RUNS = "test_a_client_runs_an_agent_and_a_workflow_and_finds_the_session"

PROTOCOLS = (
    Protocol("AG-UI", "`@ag-ui/client`", "node/test_agui_peer.py", (
        _AGUI, _AGUI, _AGUI, "test_a_person_decides_through_an_interrupt", "test_an_image_reaches_the_model",
        "test_an_error_is_a_run_error_and_says_nothing_of_the_inside", "test_a_client_that_leaves_cancels_the_run",
    )),
    Protocol("Vercel's AI SDK", "`ai`", "node/test_vercel_peer.py", (
        _VERCEL, _VERCEL, _VERCEL, "test_a_person_approves_a_tool_or_denies_it", "test_files_reach_the_model",
        "test_an_error_says_nothing_of_the_inside", "test_a_page_that_stops_cancels_the_run",
    )),
    Protocol("chat completions", "`openai`", "interfaces/test_openai_api.py", (
        _STARTED, "test_a_stream_has_the_text_in_chunks_and_the_usage_where_it_is_wanted",
        "test_a_tool_of_the_client_ends_the_answer_and_its_result_continues_the_run",
        "- the question is the text of the answer", "test_an_image_reaches_the_model",
        "test_errors_have_the_form_of_openai", "test_a_client_that_leaves_its_stream_cancels_the_run",
    )),
    Protocol("responses", "`openai`", "interfaces/test_openai_api_responses.py", (
        "test_an_agent_a_team_and_a_workflow_respond", "test_a_stream_has_typed_events_in_their_order",
        "test_a_function_of_the_client_is_called_and_its_output_goes_on", "test_a_person_approves_a_tool",
        "test_images_and_files_reach_the_model", "test_errors_have_the_form_of_openai", "test_a_response_is_cancelled",
    )),
    Protocol("A2A", "`a2a-sdk`", "interfaces/test_a2a.py", (
        "test_a_message_without_a_stream_gets_the_whole_task",
        *["test_a_stream_has_the_task_its_states_its_tools_and_the_answer_in_pieces"] * 2,
        "interfaces/test_a2a_people.py::test_a_task_asks_and_goes_on_with_the_answer", "test_files_go_in_and_come_out",
        "test_a_failure_says_nothing_of_the_inside", "test_a_task_that_works_is_cancelled",
    )),
    Protocol("A2A", "`@a2a-js/sdk` 1 and 0.3", "node/test_a2a_peer.py", ("test_a_conversation",) * 7),
    Protocol("MCP", "`mcp`, the inspector", "os/test_os_mcp.py", (
        _RUNS, "- a call has one result", _RUNS, "- a run that waits is a result; it goes on over HTTP",
        "- tools take texts", "test_an_error_says_what_is_the_callers_and_nothing_of_the_inside",
        "- not served: a call that is given up runs to its end",
    )),
    Protocol("Slack", "`slack_sdk`, `slack_bolt`", "os/test_os_slack.py", (
        _WHOLE, "test_an_answer_is_shown_while_it_grows_by_editing_one_message", *[_WHOLE] * 5,
    )),
    Protocol("Telegram", "a stand-in", "os/test_os_telegram.py", (
        _WHOLE, "test_an_answer_grows_in_one_message_and_a_long_one_has_parts", *[_WHOLE] * 5,
    )),
    Protocol("WhatsApp", "a stand-in", "os/test_os_whatsapp.py", (
        _WHOLE, "- messages cannot be edited", *[_WHOLE] * 5,
    )),
    Protocol("Discord", "`discord.py`", "integrations/test_discord_client.py", (
        _WHOLE, "- answers come whole", *[_WHOLE] * 5,
    )),
)  # fmt: skip


def table() -> str:
    """The table in Markdown: "yes" where a test shows it, else why there is none."""
    lines = [["", "tried with", *CELLS], ["---"] * (len(CELLS) + 2)]
    for one in PROTOCOLS:
        lines.append([one.name, one.peer, *(test[2:] if test.startswith("- ") else "yes" for _, test in one.cells())])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
