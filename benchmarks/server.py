"""The scripted model server in a process of its own, until the input ends; prints its URL. `python -m benchmarks.server`"""

from __future__ import annotations

import sys

from agno.testing import ScriptedServer, says
from benchmarks.workload import ANSWER, MODEL


def main() -> None:
    with ScriptedServer(says(ANSWER), repeat=True, models=(MODEL,)) as server:
        print(server.openai_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
