"""The claims of speed as the page shows them, where the benchmarks have been run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relearn.report import formats
from relearn.report.results import Results

OUTCOMES = {True: "met", False: "missed", None: ""}


@dataclass(frozen=True)
class Measured:
    """One benchmark's ratio beside the goal that was set for it, which may be none."""

    name: str
    ratio: str
    interval: str
    goal: str
    outcome: str
    compares: str


def measured(results: Results) -> list[Measured]:
    """Return a row for each entry of bench/bench.json; none where there is no such file."""
    return [
        Measured(
            name=name,
            ratio=f"{entry['ratio']:.3g}",
            interval=f"[{entry['low']:.3g}, {entry['high']:.3g}]",
            goal=entry["goal"].replace(">=", "≥").replace("<=", "≤"),
            outcome=OUTCOMES[entry["met"]],
            compares=entry["unit"],
        )
        for name, entry in results.bench.items()
    ]


def machines(results: Results) -> list[str]:
    """Return in a line each machine that the entries were measured on."""
    return sorted({_machine(entry["machine"]) for entry in results.bench.values()})


def _machine(facts: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    cores = formats.thousands(facts["cores"])
    return f"{facts['processor']}, {cores} cores, {facts['vector_instructions']}; {versions}"
