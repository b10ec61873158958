"""Let the model ask the user questions with answers to choose from."""

from __future__ import annotations

from typing import Any

from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = (
    "If the user has to choose, call `ask_user` with your questions and the answers you see; ask for all choices in one call, "
    "and do not choose for the user."
)


class UserFeedbackTools(Toolkit):
    """The tool `ask_user`: the run pauses until the user chose among the answers to each question.

    What is asked stands in `requirement.user_feedback_schema`; `requirement.provide_user_feedback({question: answer})`
    answers it, with the label of an option, a list of labels, or words of the user's own.
    """

    def __init__(
        self,
        instructions: str | None = None,
        add_instructions: bool = True,
        enable_ask_user: bool = True,
        all: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name="user_feedback_tools",
            tools=[self.ask_user] if enable_ask_user or all else [],
            instructions=instructions or _INSTRUCTIONS,
            add_instructions=add_instructions,
            **kwargs,
        )
        for function in self.functions.values():
            function.asks_user = True

    def ask_user(self, questions: list[dict[str, Any]]) -> str:
        """Ask the user to choose.

        Args:
            questions: One dict per question, with `question` (what to ask), `header` (one or two words), `options` (a list of
                dicts with `label` and `description`) and `multi_select` (true if several options may be chosen).
        """
        return "The answers are given by the user."


__all__ = ["UserFeedbackTools"]
