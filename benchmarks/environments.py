"""One virtual environment per row, at pinned versions with hashes, in a folder that git ignores."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
CHECKOUT = REPOSITORY / "libs" / "agno"
REQUIREMENTS = HERE / "requirements"
ENVIRONMENTS = HERE / ".environments"

# no row may report to its makers, trace to a service, or order its sets differently from the last time
QUIET = {
    "AGNO_TELEMETRY": "false",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "OPENAI_API_KEY": "none",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "",
}
KEPT = ("PATH", "HOME", "TMPDIR", "LANG")


@dataclass(frozen=True)
class Environment:
    """A Python with a list of packages; `path` is added to where it looks for modules."""

    python: Path
    path: tuple[Path, ...] = (REPOSITORY,)

    @property
    def variables(self) -> dict[str, str]:
        """What a process of this environment sees; nothing of the caller's Python gets in."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**kept, **QUIET, "PYTHONPATH": os.pathsep.join(map(str, self.path))}

    def start(self, module: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """A module of the benchmark as a process of this environment; it is talked to in lines of text."""
        return subprocess.Popen(
            [str(self.python), "-m", f"benchmarks.{module}", *arguments],
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,  # not the caller's, whose modules would be found first
            **options,
        )


def this_python(name: str, checkout: bool = False) -> Environment:
    """The environment that runs now, whatever the name; nothing is built."""
    return Environment(Path(sys.executable), _paths(checkout))


def built(name: str, checkout: bool = False) -> Environment:
    """The environment of `requirements/NAME.txt`, built if it is missing or the list has changed."""
    folder, requirements = ENVIRONMENTS / name, REQUIREMENTS / f"{name}.txt"
    python, stamp = folder / "bin" / "python", folder / ".built"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"building the environment of {name}", file=sys.stderr, flush=True)
        _uv("venv", "--clear", "--python", sys.executable, str(folder))
        _uv(
            "pip", "install", "--compile-bytecode", "--python", str(python), "--require-hashes", "-r", str(requirements)
        )
        stamp.write_text(wanted)
    return Environment(python, _paths(checkout))


def _paths(checkout: bool) -> tuple[Path, ...]:
    return (REPOSITORY, CHECKOUT) if checkout else (REPOSITORY,)


def _uv(*arguments: str) -> None:
    try:
        subprocess.run([sys.executable, "-m", "uv", "-q", *arguments], check=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            f"uv {' '.join(arguments[:2])} failed (exit {error.returncode}); it must be installed beside {sys.executable} "
            "and reach a package registry. `make bench` sees to the first."
        ) from None
