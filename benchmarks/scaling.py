"""How planning, running, tracking and reporting grow from 100 over 1,000 to 10,000 runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import project
from benchmarks.measure import ROOT, absolute, compare, seconds
from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.runs.registration import CONFIG, LOADER

EXPERIMENT, SEEDS = "scaled", 10
SIZES = (100, 1000, 10_000)  # MLflow runs: a variant's own and one for each of its seeds
# A process begins with the peak of the one that started it: a small one has to stand between.
PEAK = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
open(sys.argv[1], "w").write(f"{status} {peak}")
"""
CLAIM = {
    "section": "1",
    "claim": "A walk strays from its start.",
    "kind": "mean",
    "effect": "standard deviation of the ends over the variants",
    "unit": "steps",
    "threshold": 1.0,
    "reason": "One step would be seen.",
}
PROSE = "# Walks\n\nA walk of {{ params('v0').seeds }} seeds.\n\nFigure: The walks.\n"
STEPS = {
    "plan": ["-m", "snakemake", "--cores", "1", "--dry-run", "--quiet", "all"],
    "run": ["-m", "snakemake", "--cores", "{cores}", "--quiet", "all", "--", "seal"],
    "track": ["-c", "from benchmarks import scaling; scaling.track()"],
    "report": ["-c", "from benchmarks import scaling; scaling.report()"],
}
SAYS = {
    "plan": "a dry run of Snakemake",
    "run": "every run, figure and verdict",
    "track": "tracking into MLflow",
    "report": "building the report",
}


@dataclass(frozen=True)
class Cost:
    """What a step took: wall seconds, and the largest of its processes in MB (10⁶ bytes)."""

    seconds: float
    peak_mb: float


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Take each step once at each size; every size has a copy of the project of its own."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="scaling-") as name:
        found = {runs: measured(Path(name) / str(runs), runs) for runs in SIZES}
        planned = {jobs: planning(Path(name) / f"{jobs}-jobs", jobs) for jobs in SIZES[1:]}
    entries = {f"scaling_{step}": growth(step, found) for step in STEPS}
    few, many = SIZES[1:]
    entries["scaling_plan_jobs"] = compare(
        [(planned[many].seconds / many, planned[few].seconds / few)],
        f"seconds a job of {SAYS['plan']}, at {many:,} jobs / at {few:,}; peak "
        f"{planned[many].peak_mb:.0f} MB / {planned[few].peak_mb:.0f} MB",
        "<= 1",
        seconds={jobs: each.seconds for jobs, each in planned.items()},
    )
    largest = found[SIZES[-1]]["report_mb"]
    entries["scaling_report_mb"] = absolute(
        [largest], f"MB of the report on {SIZES[-1]:,} runs", "<= 10"
    )
    return entries


def growth(step: str, found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return a step's entry: by how much the last tenfold costs more than ten times as much."""
    costs = {runs: each[step] for runs, each in found.items()}
    least, few, many = SIZES
    added = (costs[many].seconds - costs[few].seconds) / (many - few)
    added_before = (costs[few].seconds - costs[least].seconds) / (few - least)
    more = {
        "seconds": {runs: cost.seconds for runs, cost in costs.items()},
        "peak_mb": {runs: cost.peak_mb for runs, cost in costs.items()},
    }
    if step in ("track", "report"):
        more[f"{step}_mb"] = {runs: each[f"{step}_mb"] for runs, each in found.items()}
    return compare(
        [(costs[many].seconds / many, costs[few].seconds / few)],
        f"seconds a run of {SAYS[step]}, at {many:,} runs, {1 + SEEDS} a job / at {few:,}; of the "
        f"runs added since a tenth as many, {1000 * added:.2f} ms / {1000 * added_before:.2f} ms; "
        f"peak {costs[many].peak_mb:.0f} MB / {costs[few].peak_mb:.0f} MB",
        "<= 1",
        **more,
    )


def measured(folder: Path, runs: int) -> dict[str, Any]:
    """Return what every step costs at one size, and the megabytes that it leaves."""
    copy(folder, variants=round(runs / (1 + SEEDS)))
    found: dict[str, Any] = {step: cost(folder, step) for step in STEPS}
    print(
        f"  {runs:,} runs: {', '.join(f'{s} {found[s].seconds:.1f} s' for s in STEPS)}", flush=True
    )
    found["track_mb"] = megabytes(folder / "results/mlflow")
    found["report_mb"] = megabytes(folder / "results/report")
    return found


def planning(folder: Path, jobs: int) -> Cost:
    """Return what planning costs where every run is a job."""
    copy(folder, variants=jobs)
    return cost(folder, "plan")


def copy(folder: Path, variants: int) -> None:
    """Copy the project into a folder, with one experiment of its own in place of all others."""
    project.copy(folder)
    package = folder / "src/relearn"
    for name in catalogue.names():
        (package / "experiments" / f"{name}.py").unlink()
        (package / "report/prose/en" / f"{name}.md").unlink()
    shutil.copy(ROOT / f"benchmarks/{EXPERIMENT}.py", package / "experiments")
    (package / "report/prose/en" / f"{EXPERIMENT}.md").write_text(PROSE, encoding="utf-8")
    block = {
        "seeds": SEEDS,
        "variants": {f"v{index}": {"level": index} for index in range(variants)},
        "claims": {"1a": CLAIM},
    }
    config = {
        "scale": "default",
        "seed_base": 1,
        "datasets": {},
        "experiments": {EXPERIMENT: block},
    }
    (folder / "config/config.yaml").write_text(
        yaml.safe_dump(config, sort_keys=False), encoding="utf-8"
    )


def cost(folder: Path, step: str) -> Cost:
    """Take one step in a process of its own, in a copy of the project.

    Raises:
        RelearnError: it failed.
    """
    arguments = [part.format(cores=os.cpu_count()) for part in STEPS[step]]
    said = folder / f"{step}.log"
    with open(said, "w", encoding="utf-8") as log:
        spent = seconds(
            lambda: subprocess.run(
                [sys.executable, "-c", PEAK, f"{said}.peak", sys.executable, *arguments],
                cwd=folder,
                env=project.environment(PYTHONPATH=f"{folder / 'src'}:{folder}"),
                stdout=log,
                stderr=log,
            )
        )
    status, peak = map(int, Path(f"{said}.peak").read_text(encoding="utf-8").split())
    if status:
        last = said.read_text(encoding="utf-8").strip().splitlines()[-1:]
        raise RelearnError(f"scaling, {step}: exit status {status}: {' '.join(last)}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    return Cost(spent, peak * unit / 1e6)


def track() -> None:
    """Track the results of the project in the working directory."""
    from relearn.runs import tracking

    block = _config()["experiments"][EXPERIMENT]
    facts = {"question": __doc__, "variants": list(block["variants"]), "seed_runs": True}
    index = Path("results/mlflow/runs.json")
    tracking.track({EXPERIMENT: facts}, index, Path("results"), _config()["scale"])


def report() -> None:
    """Build the report of the project in the working directory."""
    from relearn.files import whole
    from relearn.report import page

    with whole(Path("results/report/index.html")) as temporary:
        temporary.write_text(page.build(Path("results"), _config(), Path()).html, encoding="utf-8")


def _config() -> dict[str, Any]:
    return yaml.load(Path(CONFIG).read_text(encoding="utf-8"), LOADER)


def megabytes(folder: Path) -> float:
    """Return the size of all files in a folder in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
