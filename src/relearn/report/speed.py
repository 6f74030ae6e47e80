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
    """One benchmark's figure beside the goal that was set for it, which may be none."""

    name: str
    figure: str
    interval: str
    times: str
    goal: str
    outcome: str
    compares: str


def measured(results: Results) -> list[Measured]:
    """Return a row for each entry of bench/bench.json; none where there is no such file."""
    return [
        Measured(
            name=name,
            figure=formats.three(entry["ratio"]),
            interval=_interval(entry),
            times=formats.thousands(len(entry["pairs"])),
            goal=entry["goal"].replace(">=", "≥").replace("<=", "≤"),
            outcome=OUTCOMES[entry["met"]],
            compares=entry["unit"],
        )
        for name, entry in results.bench.items()
    ]


def _interval(entry: Mapping[str, Any]) -> str:
    low, high = entry["low"], entry["high"]
    return f"[{formats.three(low)}, {formats.three(high)}]" if low < high else ""


def origins(results: Results) -> list[str]:
    """Return in a line each state of the code and machine that the entries were measured on."""
    return sorted({_origin(entry) for entry in results.bench.values()})


def _origin(entry: Mapping[str, Any]) -> str:
    facts = entry["machine"]
    commit = f"commit {entry['commit'][:12]}" if entry["commit"] else "no commit"
    changed = " with changes" if entry["dirty"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    cores = formats.thousands(facts["cores"])
    return (
        f"{commit}{changed}, {entry['started'][:10]}: {facts['processor']}, {cores} cores, "
        f"{facts['vector_instructions']}; {versions}"
    )
