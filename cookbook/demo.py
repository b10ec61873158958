"""The main job: `agno ask` over this repository's own documents, then the same as a service, asked through its API."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agno.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs"]
QUESTIONS = [
    "Why is there only one engine for sync and async?",
    "Where are the runs of a session stored?",
    "How do I test my agent without a key?",
]


def demo() -> int:
    os.chdir(ROOT)
    for question in QUESTIONS:
        print(f"\n$ agno ask {' '.join(DOCUMENTS)} {question!r}\n")
        if code := main(["ask", *DOCUMENTS, question]):
            return code
    print(f"\n$ agno demo {' '.join(DOCUMENTS)}\n")
    return main(["demo", *DOCUMENTS, "--question", QUESTIONS[0]])


if __name__ == "__main__":
    sys.exit(demo())
