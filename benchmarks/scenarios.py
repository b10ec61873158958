"""What is measured: scenarios, and the numbers that each gives."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.workload import BRANCHES, CHUNKS, CONCURRENT, STEPS, TEAM, TOOL_ROUNDS


@dataclass(frozen=True)
class Metric:
    """One number of a scenario; `counted` ones are the same in every round and every machine."""

    name: str
    title: str
    unit: str
    counted: bool = False


@dataclass(frozen=True)
class Scenario:
    """`heavy` ones get a third of the rounds, because one of their batches takes seconds."""

    name: str
    title: str
    metrics: tuple[Metric, ...]
    heavy: bool = False


SHORT, LONG = 25, 200  # turns of a session
GROWTH = (20, 200, 1000)  # turns of a session that is looked at while it grows
CPU = Metric("cpu", "CPU", "µs")


def _session(where: str, stored: bool) -> tuple[Metric, ...]:
    metrics: list[Metric] = []
    for turns in (SHORT, LONG):
        metrics += [
            Metric(f"total_{turns}", f"{turns} turns {where}, CPU", "ms"),
            Metric(f"turn_{turns}", f"turn {turns} {where}, CPU", "µs"),
        ]
        if stored:
            metrics.append(Metric(f"written_{turns}", f"{turns} turns {where}, written per turn", "KiB", counted=True))
            metrics.append(Metric(f"statements_{turns}", f"turn {turns} {where}, SQL", "statements", counted=True))
    return tuple(metrics)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "import",
            "fresh process: import the agent and OpenAI's model, then a first answer over loopback",
            (
                Metric("import_cpu", "import, CPU", "ms"),
                Metric("import_rss", "import, memory", "MiB"),
                Metric("import_modules", "import, modules", "modules", counted=True),
                Metric("hello_cpu", "import and first answer, CPU", "ms"),
                Metric("hello_rss", "import and first answer, memory", "MiB"),
                Metric("hello_modules", "import and first answer, modules", "modules", counted=True),
            ),
            heavy=True,
        ),
        Scenario("construct", "construct an agent with one tool", (CPU,)),
        Scenario("turn", "one run", (CPU,)),
        Scenario("turn_async", "one run, async", (CPU,)),
        Scenario("tools", f"a run with {TOOL_ROUNDS} tool rounds", (CPU,)),
        Scenario("tools_async", f"a run with {TOOL_ROUNDS} tool rounds, async", (CPU,)),
        Scenario("steps", f"a workflow of {STEPS} steps", (CPU,)),
        Scenario("steps_async", f"a workflow of {STEPS} steps, async", (CPU,)),
        Scenario("parallel", f"a workflow of {BRANCHES} parallel steps", (CPU,)),
        Scenario("parallel_async", f"a workflow of {BRANCHES} parallel steps, async", (CPU,)),
        Scenario(
            "nested_stream",
            f"a stream of {CHUNKS} chunks from a step three deep",
            (Metric("chunk", "CPU per chunk", "µs"), Metric("first", "CPU to the first text", "µs")),
        ),
        Scenario("team", f"a leader with {TEAM} members, all of them asked", (CPU,)),
        Scenario("team_async", f"a leader with {TEAM} members, all of them asked, async", (CPU,)),
        *(
            Scenario(
                name,
                f"a stream of {CHUNKS} chunks{how}",
                (Metric("chunk", "CPU per chunk", "µs"), Metric("first", "CPU to the first text", "µs")),
            )
            for name, how in (("stream", ""), ("stream_async", ", async"))
        ),
        Scenario("session_memory", "one session in memory", _session("in memory", stored=False), heavy=True),
        Scenario("session_sqlite", "one session in SQLite", _session("in SQLite", stored=True), heavy=True),
        Scenario(
            "session_growth",
            "one session in SQLite that grows",
            tuple(
                metric
                for turn in GROWTH
                for metric in (
                    Metric(f"cpu_{turn}", f"turn {turn:,} in SQLite as it grows, CPU", "µs"),
                    Metric(f"written_{turn}", f"turn {turn:,} in SQLite as it grows, written", "KiB", counted=True),
                )
            ),
            heavy=True,
        ),
        Scenario(
            "loopback",
            f"{CONCURRENT} runs at once over loopback through OpenAI's SDK",
            (Metric("cpu", "client CPU per run", "ms"),),
            heavy=True,
        ),
    )
}
