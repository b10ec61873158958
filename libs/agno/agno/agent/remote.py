"""An agent that runs on another AgentOS."""

from __future__ import annotations

from typing import Any, ClassVar

from agno.agent._remote_run import NO_MODEL, close_remote, remote_body, take_up_remote
from agno.agent.agent import Agent
from agno.client.client import AgentOSClient
from agno.run.cancel import remote_key


class Remote:
    """What remote components have in common. They keep nothing here: sessions and memories are those of the service."""

    remote_id: ClassVar[Any]  # the id that the component has at the service
    client: ClassVar[Any]
    cancel_key: ClassVar[Any] = staticmethod(remote_key)
    body: ClassVar[Any] = staticmethod(remote_body)
    taking_up: ClassVar[Any] = staticmethod(take_up_remote)
    closing: ClassVar[Any] = staticmethod(close_remote)

    def _reach(
        self, base_url: str, remote_id: str, client: AgentOSClient | None, options: dict[str, Any], **facts: Any
    ) -> None:
        """Become a component with these settings that is `remote_id` there. `options` are those of a new client."""
        if not remote_id:
            raise ValueError(f"{type(self).__name__} needs the id that the component has at {base_url}.")
        settings = {"id": remote_id, **facts, "name": facts.get("name") or remote_id}
        super().__init__(**settings)
        self.__dict__["remote_id"] = remote_id
        self.__dict__["client"] = client or AgentOSClient(base_url, **options)

    @property
    def connection(self) -> Any:
        """The connection to the service."""
        return self.client.connection

    @property
    def base_url(self) -> str:
        """The address of the service."""
        address: str = self.client.base_url
        return address

    def model_of_run(self) -> Any:
        """A stand-in: which model answers, the service knows."""
        return NO_MODEL

    def deep_copy(self, *, update: dict[str, Any] | None = None) -> Any:
        """A copy that shares the client."""
        settings: dict[str, Any] = self.settings()  # type: ignore[attr-defined]  # of Settings
        kept: dict[str, Any] = {name: settings[name] for name in ("name", "role", "description") if name in settings}
        kept.update(update or {})
        make: Any = type(self)
        return make(self.base_url, self.remote_id, client=self.client, **kept)


class RemoteAgent(Remote, Agent):
    """An agent of an AgentOS, used like one of this process: `run`, `arun`, streams, `continue_run`, as a member of a team,
    as a step of a workflow.

    `agent_id` is its id there. `name`, `role` and `description` are what a team's leader reads here. `options` are those of
    `AgentOSClient`: `api_key`, `headers`, `timeout`, `patience`. Media are sent as bytes; one with only a url is refused.
    """

    def __init__(
        self,
        base_url: str,
        agent_id: str,
        *,
        name: str | None = None,
        role: str | None = None,
        description: str | None = None,
        client: AgentOSClient | None = None,
        **options: Any,
    ) -> None:
        self._reach(base_url, agent_id, client, options, name=name, role=role, description=description)


__all__ = ["Remote", "RemoteAgent"]
