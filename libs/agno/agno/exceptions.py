"""All exceptions of Agno.

Exception
├── AgentRunException              a tool or hook talks to the loop
│   ├── RetryAgentRun              … and lets it continue
│   └── StopAgentRun               … and ends it after this turn
├── RunCancelledException          the run was cancelled
├── RetryableModelProviderError    worth another request with a hint
├── InputCheckError                a pre-hook or guardrail refuses the input
├── OutputCheckError               a post-hook refuses the output
├── RunNotFoundError               (RuntimeError) no such run
├── RunNotContinuableError         (ValueError) the run has ended, or is running
│   └── RunClaimedError            somebody else continues it
└── AgnoError                      has a status code
    ├── ModelAuthenticationError   401, also: no key
    ├── ModelProviderError         the provider failed (502 unless it said otherwise)
    │   ├── ModelRateLimitError    429
    │   └── ContextWindowExceededError  400: more text than the model takes
    ├── EvalError
    ├── PathSecurityError
    ├── ComponentRehydrationError
    ├── ComponentPinError
    └── RemoteServerUnavailableError
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any


class AgentRunException(Exception):
    """Raised in a tool or hook to say something to the user or the model, and optionally to stop."""

    def __init__(
        self,
        exc: Any,
        user_message: Any = None,
        agent_message: Any = None,
        messages: Sequence[Any] | None = None,
        stop_execution: bool = False,
    ) -> None:
        super().__init__(exc)
        self.user_message = user_message
        self.agent_message = agent_message
        self.messages = list(messages) if messages is not None else None
        self.stop_execution = stop_execution


class RetryAgentRun(AgentRunException):
    """Give the messages to the model and continue."""

    def __init__(
        self, exc: Any, user_message: Any = None, agent_message: Any = None, messages: Sequence[Any] | None = None
    ) -> None:
        super().__init__(exc, user_message, agent_message, messages, stop_execution=False)


class StopAgentRun(AgentRunException):
    """Add the messages, then stop the loop."""

    def __init__(
        self, exc: Any, user_message: Any = None, agent_message: Any = None, messages: Sequence[Any] | None = None
    ) -> None:
        super().__init__(exc, user_message, agent_message, messages, stop_execution=True)


class RunCancelledException(Exception):
    """The run was cancelled."""

    def __init__(self, message: str = "The run was cancelled") -> None:
        super().__init__(message)


class AgnoError(Exception):
    """Base of errors with a status code."""

    def __init__(self, message: str, status_code: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code

    def __str__(self) -> str:
        return str(self.message)


class ModelAuthenticationError(AgnoError):
    """The key is missing or was refused."""

    def __init__(self, message: str, status_code: int = 401, model_name: str | None = None) -> None:
        super().__init__(message, status_code)
        self.model_name = model_name


class ModelProviderError(AgnoError):
    """The provider failed or refused; `status_code` is its HTTP status, 502 if there was none.

    `retry_after` is how many seconds it asked to wait, None if it did not.
    """

    retry_after: float | None = None

    def __init__(
        self, message: str, status_code: int = 502, model_name: str | None = None, model_id: str | None = None
    ) -> None:
        super().__init__(message, status_code)
        self.model_name = model_name
        self.model_id = model_id


class ModelRateLimitError(ModelProviderError):
    """Too many requests."""

    def __init__(
        self, message: str, status_code: int = 429, model_name: str | None = None, model_id: str | None = None
    ) -> None:
        super().__init__(message, status_code, model_name, model_id)


class ContextWindowExceededError(ModelProviderError):
    """The messages are longer than the model takes."""

    def __init__(
        self, message: str, status_code: int = 400, model_name: str | None = None, model_id: str | None = None
    ) -> None:
        super().__init__(message, status_code, model_name, model_id)


class RetryableModelProviderError(Exception):
    """The provider refused, and the model may do better when it is told why: `retry_guidance_message` is sent to it."""

    def __init__(self, original_error: Any = None, retry_guidance_message: str | None = None) -> None:
        super().__init__(str(original_error))
        self.original_error = (
            original_error if isinstance(original_error, Exception) else ModelProviderError(str(original_error))
        )
        self.retry_guidance_message = retry_guidance_message


class EvalError(AgnoError):
    """An evaluation could not be made."""


class PathSecurityError(AgnoError):
    """A path leads out of the folder it must stay in."""


class ComponentRehydrationError(AgnoError):
    """A stored component could not be built again."""


class ComponentPinError(AgnoError):
    """A pinned version of a component is not there."""


class RemoteServerUnavailableError(AgnoError):
    """A remote agent server cannot be reached."""

    def __init__(self, message: str, base_url: str | None = None, original_error: Exception | None = None) -> None:
        super().__init__(message, 503)
        self.base_url = base_url
        self.original_error = original_error


class RunNotFoundError(RuntimeError):
    """There is no run with this id."""


class RunNotContinuableError(ValueError):
    """The run cannot be continued: it has ended for good, or is running now."""


class RunClaimedError(RunNotContinuableError):
    """Another process continues the run, until `until` (epoch seconds) unless it says that it needs longer."""

    def __init__(self, message: str, run_id: str | None = None, until: int | None = None) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.until = until


class CheckTrigger(Enum):
    """Why a check refused."""

    OFF_TOPIC = "off_topic"
    INPUT_NOT_ALLOWED = "input_not_allowed"
    OUTPUT_NOT_ALLOWED = "output_not_allowed"
    VALIDATION_FAILED = "validation_failed"
    PROMPT_INJECTION = "prompt_injection"
    PII_DETECTED = "pii_detected"


class InputCheckError(Exception):
    """The input is refused; the model is not called."""

    def __init__(
        self,
        message: str,
        check_trigger: CheckTrigger = CheckTrigger.INPUT_NOT_ALLOWED,
        additional_data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.check_trigger = check_trigger
        self.additional_data = additional_data


class OutputCheckError(Exception):
    """The output is refused."""

    def __init__(
        self,
        message: str,
        check_trigger: CheckTrigger = CheckTrigger.OUTPUT_NOT_ALLOWED,
        additional_data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.check_trigger = check_trigger
        self.additional_data = additional_data


# Whoever asked for the run may read what these say; others speak of what is inside. A step that says itself that it
# failed is a StepFailed; a run whose worker died is marked as WorkerDied.
FOR_CALLERS = frozenset(
    {"InputCheckError", "OutputCheckError", "RunNotFoundError", "RunNotContinuableError", "RunClaimedError",
     "StepFailed", "WorkerDied"}
)  # fmt: skip


def error_type_of(error: BaseException) -> str:
    """The name of an exception's class; of one that tells of another run's failure, the name in there."""
    return getattr(error, "error_type", None) or type(error).__name__
