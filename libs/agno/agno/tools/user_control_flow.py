"""Let the model ask the user."""

from __future__ import annotations

from typing import Any

from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = (
    "If you need something that only the user can tell, call `get_user_input` with the fields you need; "
    "do not guess the values."
)


class UserControlFlowTools(Toolkit):
    """The tool `get_user_input`: the run pauses until the user filled in the fields."""

    def __init__(
        self,
        instructions: str | None = None,
        add_instructions: bool = True,
        enable_get_user_input: bool = True,
        all: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name="user_control_flow_tools",
            tools=[self.get_user_input] if enable_get_user_input or all else [],
            instructions=instructions or _INSTRUCTIONS,
            add_instructions=add_instructions,
            **kwargs,
        )

    def get_user_input(self, user_input_fields: list[dict[str, str]]) -> str:
        """Ask the user for values that only they know.

        Args:
            user_input_fields: One dict per value, with `field_name`, `field_type` (str, int, float, bool, list or dict)
                and `field_description`.
        """
        return "The values are given by the user."


__all__ = ["UserControlFlowTools"]
