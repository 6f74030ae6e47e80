"""How well the costs of a few seeds tell those of many: a tenth of the default scale's, and all.

What all cost is read from config/costs.csv, so a machine of another speed shows in the ratio.

`python -m benchmarks.costs SCALE SHARE FOLDER` only builds a scale in a copy of the project, with
each variant's seeds divided by SHARE, for a scale that is too large to be measured whole. Then
`make costs B=FOLDER/results`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from benchmarks import project
from benchmarks.measure import ROOT, absolute
from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.runs import costs
from relearn.runs.costs import Costs

SHARE = 10
LEAST = 2  # seeds: with one there is no spread, which the verdicts ask for
REDUCED = "config/reduced.yaml"


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Build the default scale with a tenth of its seeds, and compare what that predicts."""
    copy = build(folder / "costs", "default", SHARE)
    project.call(
        copy,
        sys.executable,
        "workflow/scripts/keep_costs.py",
        "results",
        "costs.csv",
        PYTHONPATH=str(copy / "src"),
    )
    shutil.rmtree(copy / "results")
    return compared(costs.read(copy / "costs.csv"), costs.read(ROOT / costs.TABLE))


def compared(few: Costs, many: Costs) -> dict[str, dict[str, Any]]:
    """Return the entries: predicted from few seeds over measured with many, job by job and in all.

    Args:
        few: the jobs as they were measured with few seeds.
        many: the same with all seeds.
    """
    rows = [row for row in many.rows if row.scale == "default" and row.rule == "run"]
    pairs = [(few.estimate(*row[:5]), row) for row in rows]
    entries = {}
    for name, predicted, measured, unit in (
        ("seconds", [c.seconds for c, _ in pairs], [r.cpu_seconds for _, r in pairs], "seconds"),
        ("mib", [c.mib for c, _ in pairs], [r.peak_mib for _, r in pairs], "peak of memory"),
        ("kib", [c.kib for c, _ in pairs], [r.kib for _, r in pairs], "size of the outputs"),
    ):
        ratios = [left / right for left, right in zip(predicted, measured, strict=True)]
        total = sum(predicted) / sum(measured)
        entries[f"costs_{name}"] = absolute(
            ratios,
            f"{unit} of a run, predicted from a tenth of the seeds / measured; of all together "
            f"{total:.3g}; tenths of the runs {_tenths(ratios)}",
            "",
            total=total,
        )
    return entries


def _tenths(values: list[float]) -> str:
    least, *inner, most = [min(values), *statistics.quantiles(values, n=10), max(values)]
    return ", ".join(f"{value:.3g}" for value in (least, *inner, most))


def merged(scale: str) -> dict[str, Any]:
    """Return the config of a scale."""
    config: dict[str, Any] = {}
    for name in ("config", *overlay(scale)):
        update_config(config, load_configfile(str(ROOT / f"config/{name}.yaml")))
    return config


def overlay(scale: str) -> list[str]:
    """Return the name of the config file that makes the scale, if it takes one."""
    return [] if scale == "default" else [scale]


def reduced(config: Mapping[str, Any], share: int) -> dict[str, Any]:
    """Return what to merge over a config so that each variant has a share of its seeds."""
    experiments = {}
    for name, block in config["experiments"].items():
        variants = {}
        for variant in block["variants"]:
            seeds = catalogue.variant_slice(block, variant)["seeds"]
            variants[variant] = {"seeds": min(seeds, max(LEAST, seeds // share))}
        experiments[name] = {"variants": variants}
    return {"experiments": experiments}


def build(folder: Path, scale: str, share: int) -> Path:
    """Build a scale with a share of its seeds in a copy of the project; return the copy."""
    copy = project.copy(folder)
    (copy / "data").symlink_to(ROOT / "data")
    (copy / REDUCED).write_text(yaml.safe_dump(reduced(merged(scale), share)), encoding="utf-8")
    files = [*(f"config/{name}.yaml" for name in overlay(scale)), REDUCED]
    project.snakemake(copy, "--configfile", *files, "--cores", str(os.cpu_count()))
    return copy


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        print(build(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2])) / "results")
    except RelearnError as error:
        sys.exit(f"benchmarks: {error}")
