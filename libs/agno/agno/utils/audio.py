"""Writing sound to files."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any


def write_audio_to_file(audio: Any, filename: str | Path) -> None:
    """Write audio (base64 text, or bytes) to a file; missing folders are made."""
    path = Path(filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(audio if isinstance(audio, bytes) else base64.b64decode(audio))


__all__ = ["write_audio_to_file"]
