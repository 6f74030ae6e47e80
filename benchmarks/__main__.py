"""Run the benchmarks, or those that are named, and keep what they find in bench.json."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import ROOT, machine, met, seconds
from relearn.errors import RelearnError
from relearn.files import whole
from relearn.runs import provenance

KEPT = "bench.json"
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
    "page_load",
    "costs",
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
    names = given.names or NAMES
    if len(names) == 1:
        run(names[0], folder)
        return
    # A process each: threads and memory of one would stay on for the next.
    command = [sys.executable, "-m", "benchmarks", "--folder", str(folder)]
    failed = [name for name in names if subprocess.run([*command, name], cwd=ROOT).returncode]
    if (folder / KEPT).exists():
        show(json.loads((folder / KEPT).read_text(encoding="utf-8")))
    if failed:
        sys.exit(f"benchmarks: {', '.join(failed)} failed, see above; the others are kept")


def run(name: str, folder: Path) -> None:
    """Run one benchmark; keep its entries in place of those that it made before."""
    print(f"benchmark {name} …", flush=True)
    start, (commit, dirty) = datetime.now(UTC), provenance.commit(ROOT)
    facts = {"benchmark": name, "machine": machine(), "commit": commit, "dirty": dirty}
    found: dict[str, dict] = {}
    module = importlib.import_module(f"benchmarks.{name}")
    spent = seconds(lambda: found.update(module.measure(folder)))
    facts |= {"started": start.isoformat(timespec="seconds"), "took_s": spent}
    kept = folder / KEPT
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    entries = {key: entry for key, entry in before.items() if entry["benchmark"] != name}
    entries |= {key: values | {"met": met(values)} | facts for key, values in found.items()}
    with whole(kept) as path:
        path.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    show({key: entries[key] for key in found})
    print(f"benchmark {name}: {spent:.0f} s", flush=True)


def show(entries: dict[str, dict]) -> None:
    """Print the table of all entries."""
    table = Table("benchmark", "measured", "interval", "goal", "", "compares")
    for name, entry in entries.items():
        interval = (
            f"{entry['low']:.3g} to {entry['high']:.3g}" if entry["low"] < entry["high"] else ""
        )
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
