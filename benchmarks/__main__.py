"""Run the benchmarks, or those that are named, and keep what they find in bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import machine, met, seconds
from relearn.errors import RelearnError
from relearn.files import whole

NAMES = [
    "mnist_vs_listing",
    "mnist_vs_gemm",
    "augmentation_vs_transforms",
    "descent_vs_loop",
    "time_to_accuracy",
    "pipeline_overhead",
    "orchestration",
    "tracking",
    "scaling",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--folder", type=Path, default=Path("results/bench"))
    given = parser.parse_args()
    for name in given.names:
        if name not in NAMES:
            sys.exit(f"benchmarks: {name} is unknown: take any of {', '.join(NAMES)}")
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "bench.json"
    facts = machine()
    for name in given.names or NAMES:
        print(f"benchmark {name} …", flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        found: dict[str, dict] = {}
        spent = seconds(lambda module=module, found=found: found.update(module.measure(folder)))
        print(f"benchmark {name}: {spent:.0f} s", flush=True)
        entries = json.loads(kept.read_text()) if kept.exists() else {}
        for entry, values in found.items():
            entries[entry] = values | {"met": met(values), "machine": facts}
        with whole(kept) as path:
            path.write_text(json.dumps(entries, indent=1))
    show(json.loads(kept.read_text()))


def show(entries: dict[str, dict]) -> None:
    """Print the table of all entries."""
    table = Table("benchmark", "ratio", "interval", "goal", "", "compares")
    for name, entry in entries.items():
        interval = f"{entry['low']:.3g} to {entry['high']:.3g}"
        verdict = {True: "met", False: "missed", None: ""}[entry["met"]]
        table.add_row(
            name, f"{entry['ratio']:.3g}", interval, entry["goal"], verdict, entry["unit"]
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    try:
        main()
    except RelearnError as error:
        sys.exit(f"benchmarks: {error}")
