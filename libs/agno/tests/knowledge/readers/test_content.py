"""Contents as plain data."""

from __future__ import annotations

from dataclasses import asdict

from agno.knowledge.content import Content, ContentAuth, ContentStatus, FileData


def test_a_content_comes_from_plain_data() -> None:
    content = Content(
        id="c",
        name="n",
        auth=ContentAuth(password="p"),
        file_data=FileData(content="text", type="Text"),
        status=ContentStatus.FAILED,
        metadata={"a": 1},
    )
    assert Content.from_dict({**asdict(content), "status": "failed", "unknown": 1}) == content
    assert Content.from_dict({}) == Content()
