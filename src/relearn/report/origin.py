"""Where the build as a whole comes from: commits, machines, versions, and what each rule cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from relearn.report import formats
from relearn.report.results import Results
from relearn.report.sections import core_seconds

# Each rule: those whose results it reads, without the ones that these read themselves; its column
# and row in the picture; what it does. tests/pipeline compares the first with what Snakemake says.
RULES = {
    "fetch": ((), (1, 0), "fetches a data set and verifies it"),
    "normalise": (("fetch",), (1, 1), "measures mean and deviation, stores the images"),
    "run": (("normalise",), (1, 2), "computes one variant of an experiment, all its seeds"),
    "judge": (("run",), (0, 3), "judges the claims"),
    "publish": (("run",), (1, 3), "gathers the listings’ numbers as printed"),
    "draw": (("run",), (2, 3), "draws an experiment’s figure"),
    "track": (("judge", "draw"), (2, 4), "mirrors the runs into MLflow"),
    "seal": (("judge", "publish", "draw"), (3, 4), "writes a digest of every scientific result"),
    "build_report": (("publish", "track"), (1, 5), "builds this page"),
}
BOX, STEP = (132.0, 42.0), (150.0, 72.0)  # a rule's width and height; from one to the next


@dataclass(frozen=True)
class Cost:
    """A rule's jobs as they were last measured, each once.

    Attributes:
        jobs: how many have left a measurement; it may be none.
        seconds, longest: of all of them, and of the longest.
        peak_mib: the most memory that one of them held.
        x, y: the middle of its box in the picture.
        lines: from the boxes above, as paths of an SVG.
    """

    rule: str
    does: str
    jobs: int
    seconds: float
    longest: float
    peak_mib: float
    x: float
    y: float
    lines: list[str]


def costs(results: Results) -> list[Cost]:
    """Return every rule in the order in which they run, with its cost and place in the graph."""
    return [_cost(rule, results.usages(rule)) for rule in RULES]


def extent(rules: Iterable[Cost]) -> tuple[float, float]:
    """Return the width and height of the picture."""
    places = [(rule.x + BOX[0] / 2, rule.y + BOX[1] / 2) for rule in rules]
    return max(x for x, _ in places) + 1, max(y for _, y in places) + 1


def _middle(rule: str) -> tuple[float, float]:
    _, (column, row), _ = RULES[rule]
    return column * STEP[0] + BOX[0] / 2 + 1, row * STEP[1] + BOX[1] / 2 + 1


def _cost(rule: str, usages: list[Mapping[str, Any]]) -> Cost:
    needs, _, does = RULES[rule]
    x, y = _middle(rule)
    lines = []
    for from_x, from_y in map(_middle, needs):
        start, end = from_y + BOX[1] / 2, y - BOX[1] / 2
        lines.append(f"M{from_x:g} {start:g}C{from_x:g} {end:g} {x:g} {start:g} {x:g} {end:g}")
    seconds = [usage["seconds"] for usage in usages]
    return Cost(
        rule=rule,
        does=does,
        jobs=len(usages),
        seconds=sum(seconds),
        longest=max(seconds, default=0.0),
        peak_mib=max((usage["peak_mib"] for usage in usages), default=0.0),
        x=x,
        y=y,
        lines=lines,
    )


def facts(origins: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the provenance of all variants comes to; each fact lists its distinct values."""
    found = list(origins)

    def distinct(key: str) -> list[str]:
        return sorted({str(each[key]) for each in found if each.get(key) is not None})

    versions: dict[str, set[str]] = {}
    for each in found:
        for name, version in each.get("versions", {}).items():
            versions.setdefault(name, set()).add(version)
    return {
        "runs": len(found),
        "core_seconds": sum(map(core_seconds, found)),
        "started": min((each["started"] for each in found), default=""),
        "finished": max((each["finished"] for each in found), default=""),
        "commits": distinct("commit"),
        "dirty": any(each.get("dirty") for each in found),
        "hosts": distinct("host"),
        "machines": [*distinct("processor"), *distinct("gpu"), *distinct("platform")],
        "pythons": distinct("python"),
        "seed_bases": distinct("seed_base"),
        "versions": {name: sorted(versions[name]) for name in sorted(versions)},
    }


def seeds(config: Mapping[str, Any]) -> str:
    """Return the least and the most seeds that a variant has: "1–1,000"."""
    counts = [
        settings.get("seeds", block["seeds"])
        for block in config["experiments"].values()
        for settings in block["variants"].values()
    ]
    least, most = (formats.thousands(bound) for bound in (min(counts), max(counts)))
    return f"{least}–{most}"
