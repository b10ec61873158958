"""Claims that keep processes apart, where processes meet at an awkward moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agno.vectordb._claims import OnFile


def test_a_claim_is_taken_although_another_process_removes_the_folder_at_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, make, left = tmp_path / "storing", os.mkdir, [True]
    folder.mkdir()

    def found_and_then_removed(path: Any, *args: Any, **options: Any) -> None:
        try:
            make(path, *args, **options)
        except FileExistsError:
            if left.pop():
                os.rmdir(path)  # the other one was the last that had a claim there
            raise

    monkeypatch.setattr(os, "mkdir", found_and_then_removed)
    claim, other = OnFile(folder / "claim"), OnFile(folder / "claim")
    assert claim._take() and not left
    monkeypatch.undo()
    assert not other._take()
    claim._release()
    assert not folder.exists() and other._take()
    other._release()
