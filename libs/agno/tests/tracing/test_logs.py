"""Log lines that say which run they are from."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from agno.agent import Agent
from agno.testing import ScriptedModel, says, wants
from agno.tracing import RunFilter, setup_logging, stop_logging
from agno.utils.log import log_error, log_info, logger
from agno.utils.secrets import without_secrets

from playing import in_every_mode, play


@in_every_mode
def test_lines_written_in_a_run_say_which_run_it_was(mode: str) -> None:
    stream = io.StringIO()
    setup_logging(stream=stream, level="info")

    def work() -> str:
        """Work."""
        log_info("working with api_key=qrstuv123456")
        logger.info("more", extra={"order": 7})
        try:
            raise ValueError("password: hunter22")
        except ValueError:
            logger.exception("failed")
        return "ok"

    output = play(Agent(model=ScriptedModel(wants("work"), says("ok")), tools=[work]), "go", mode, user_id="ann").output
    log_error("after")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    first, more, failed, after = lines
    assert (first["run_id"], first["session_id"], first["user_id"]) == (output.run_id, output.session_id, "ann")
    assert first["level"] == "INFO" and first["time"].endswith("+00:00") and len(first["trace_id"]) == 32
    assert more["order"] == 7 and "ValueError" in failed["error"]
    assert "run_id" not in after
    assert "qrstuv" not in stream.getvalue() and "hunter22" not in stream.getvalue()


def test_people_read_the_run_behind_the_line_and_loggers_get_back_what_they_had() -> None:
    before, stream = logger.handlers[:], io.StringIO()
    setup_logging(json=False, stream=stream)

    def work() -> str:
        """Work."""
        log_info("working")
        return "ok"

    output = Agent(model=ScriptedModel(wants("work"), says("ok")), tools=[work]).run("go")
    assert stream.getvalue() == f"INFO agno: working [run_id={output.run_id}]\n"
    stop_logging()
    assert logger.handlers == before


def test_handlers_of_your_own_know_the_run_by_a_filter() -> None:
    seen: list[Any] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    handler, mine = Keeps(), logging.getLogger("mine")
    handler.addFilter(RunFilter())
    mine.addHandler(handler)
    setup_logging(stream=io.StringIO())

    def work() -> str:
        """Work."""
        mine.warning("here")
        return "ok"

    try:
        output = Agent(model=ScriptedModel(wants("work"), says("ok")), tools=[work]).run("go")
        mine.warning("there")
    finally:
        mine.removeHandler(handler)
    assert [record.run_id for record in seen] == [output.run_id, None]


def test_a_level_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="give DEBUG"):
        setup_logging(level="loud", stream=io.StringIO())
    with pytest.raises(ValueError, match=r"takes several names, as in \('agno',\)"):
        setup_logging(loggers="agno", stream=io.StringIO())  # type: ignore[arg-type]


def test_what_is_refused_leaves_the_log_lines_as_they_were() -> None:
    first = setup_logging(stream=io.StringIO(), loggers=("mine",))
    with pytest.raises(ValueError):
        setup_logging(level="loud")
    assert logging.getLogger("mine").handlers == [first]


def test_whatever_is_given_as_extra_is_json_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, mine = io.StringIO(), logging.getLogger("mine")
    monkeypatch.setattr(mine, "propagate", False)  # pytest-xdist cannot pass on half a character that pytest captures
    setup_logging(stream=stream, loggers=("mine",))
    headers = {"authorization": "Bearer abc.def-ghi123", "password": "hunter2", "accept": "text"}
    extra = {"headers": headers, "keys": ["sk-proj-abcdefghijklmnop"], "odd": {("a", 1): {2}}, "n": float("nan")}
    mine.warning("half \ud800", extra=extra, stack_info=True)
    line = json.loads(stream.getvalue())
    assert line["headers"] == {"authorization": "Bearer ***", "password": "***", "accept": "text"}
    assert line["keys"] == ["***"] and line["odd"] == {"('a', 1)": [2]} and line["n"] == "nan"
    assert line["message"] == "half \ufffd" and "extra=extra" in line["stack"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key sk-proj-abcdefghijklmnop", "key ***"),
        ("Authorization: Bearer abc.def-ghi123", "Authorization: Bearer ***"),
        ("postgresql://ann:s3cret@host/db", "postgresql://ann:***@host/db"),
        ('{"api_key": "abc123"}', '{"api_key": "***"}'),
        ("OPENAI_API_KEY=abc123 next", "OPENAI_API_KEY=*** next"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def", "***"),
        ("run_id=4f2a-77 used 12 tokens", "run_id=4f2a-77 used 12 tokens"),
        ("max_tokens=100, token count: 7", "max_tokens=100, token count: 7"),
        ("https://example.org:8080/a@b", "https://example.org:8080/a@b"),
    ],
)
def test_what_looks_like_a_secret_is_not_written(text: str, clean: str) -> None:
    assert without_secrets(text) == clean
