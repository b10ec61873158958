"""Agents in a terminal. The module that draws is imported when something is drawn."""

from __future__ import annotations

from typing import Any

from agno.utils.later import later

_console = later("agno._engine.console")  # loads rich


class Printing:
    """`print_response` and `cli_app`, and their async versions."""

    def print_response(self, input: Any = None, *, stream: bool | None = None, **options: Any) -> None:
        """Run, and show what happens: message, reasoning, tool calls, answer. Plain text where there is no terminal.

        Besides the options of `run` it takes `markdown`, `show_message`, `show_reasoning`, `show_full_reasoning`, `console`
        (a rich Console) and `tags_to_include_in_markdown`; for a team also `show_member_responses`. If the model or a check
        refuses, that is shown and not raised; a program that must know calls `run`.
        """
        _console.print_response(self, input, stream, options)

    async def aprint_response(self, input: Any = None, *, stream: bool | None = None, **options: Any) -> None:
        """`print_response` for asyncio."""
        await _console.aprint_response(self, input, stream, options)

    def cli_app(
        self,
        input: Any = None,
        session_id: str | None = None,
        user_id: str | None = None,
        user: str = "User",
        emoji: str = ":sunglasses:",
        stream: bool = False,
        markdown: bool = False,
        exit_on: list[str] | None = None,
        **options: Any,
    ) -> None:
        """Chat with the agent in the terminal, until the user types one of `exit_on` (by default exit, quit, bye) or the input
        ends. `input` is the first message."""
        options.update(session_id=session_id, user_id=user_id, markdown=markdown)
        for text in _console.prompts(input, user, emoji, exit_on):
            self.print_response(text, stream=stream, **options)

    async def acli_app(
        self,
        input: Any = None,
        session_id: str | None = None,
        user_id: str | None = None,
        user: str = "User",
        emoji: str = ":sunglasses:",
        stream: bool = False,
        markdown: bool = False,
        exit_on: list[str] | None = None,
        **options: Any,
    ) -> None:
        """`cli_app` for asyncio."""
        options.update(session_id=session_id, user_id=user_id, markdown=markdown)
        for text in _console.prompts(input, user, emoji, exit_on):
            await self.aprint_response(text, stream=stream, **options)


__all__ = ["Printing"]
