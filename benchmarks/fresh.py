"""What a new process pays to import a framework and to get its first answer. `python -m benchmarks.fresh MODULE URL`"""

from __future__ import annotations

import sys
import time


def memory() -> float:
    """MiB that this process has resident now."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def state(name: str) -> str:
    cpu = time.process_time_ns() / 1e6
    return f'"{name}_cpu": {cpu}, "{name}_rss": {memory()}, "{name}_modules": {len(sys.modules)}'


def main() -> None:
    module, url = sys.argv[1:]
    script = __import__(f"benchmarks.hello.{module}", fromlist=["hello"])
    imported = state("import")
    if not script.hello(url):
        raise SystemExit("the first answer was empty")
    print("{" + imported + ", " + state("hello") + "}")


if __name__ == "__main__":
    main()
