"""What tracking logs of a run, as plain values: tags that find it, metrics that describe it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relearn.runs import record
from relearn.runs.evidence import interval

DIGEST = 36  # characters of a data set's digest that MLflow has room for
Row = tuple[str, float, int]  # metric, value, step


@dataclass(frozen=True)
class Data:
    """A data set that a run read: where it lies, and the shapes of its arrays as JSON."""

    name: str
    digest: str
    uri: str
    profile: str | None


def of_seed(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags by which the run of a seed is found; the rest its variant's run has."""
    tags = {
        "relearn.experiment": provenance["experiment"],
        "relearn.variant": provenance["variant"],
        "mlflow.source.name": f"src/relearn/experiments/{provenance['experiment']}.py",
        "mlflow.source.type": "LOCAL",
    }
    if provenance["commit"] is not None:
        tags["mlflow.source.git.commit"] = provenance["commit"]
    return tags


def of_variant(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags by which a variant's run is found, compared and trusted."""
    tags = {
        "relearn.fingerprint": provenance["fingerprint"],
        "relearn.seed_base": str(provenance["seed_base"]),
        "relearn.command": provenance["command"],
        "relearn.dirty": str(provenance["dirty"]),
        "relearn.dataset": provenance["params"].get("dataset") or "drawn for each seed",
        "version.python": provenance["python"],
    }
    versions = {f"version.{name}": value for name, value in provenance["versions"].items()}
    return of_seed(provenance) | tags | versions


def data(provenance: Mapping[str, Any], project: Path) -> Data | None:
    """Return what a variant read, with shapes where `project` still has it; None if nothing."""
    if provenance["data"] is None:
        return None
    name = provenance["params"]["dataset"]
    facts = project / "data" / name / "normalisation.json"
    shapes = None
    if facts.exists():
        shapes = json.dumps(json.loads(facts.read_text(encoding="utf-8"))["shapes"])
    return Data(name, provenance["data"][:DIGEST], f"data/{name}", shapes)


def means(records: record.Records) -> list[Row]:
    """Return a variant's metrics: each scalar's mean and interval over seeds, and mean curves."""
    metrics = []
    for name in records.scalars.columns[1:]:
        mean, low, high = interval(records.scalars[name].to_numpy())
        metrics.append((name, mean, 0))
        if len(records.scalars) > 1:
            metrics += [(f"{name}_low", low, 0), (f"{name}_high", high, 0)]
    if len(records.curves):
        step = records.curves.columns[1]
        curves = records.curves.drop(columns="seed").groupby(step, sort=True).mean()
        metrics += rows_of(curves)
    return [row for row in metrics if np.isfinite(row[1])]


def by_seed(records: record.Records) -> Iterator[tuple[int, list[Row]]]:
    """Yield each seed with its metrics and curves; the tables are read once for all seeds."""
    curves = dict(iter(records.curves.groupby("seed"))) if len(records.curves) else {}
    names = [str(name) for name in records.scalars.columns[1:]]
    for seed, *values in records.scalars.itertuples(index=False, name=None):
        metrics: list[Row] = [(*pair, 0) for pair in zip(names, values, strict=True)]
        if seed in curves:
            step = records.curves.columns[1]
            metrics += rows_of(curves[seed].drop(columns="seed").set_index(step))
        yield seed, [row for row in metrics if np.isfinite(row[1])]


def rows_of(curves: pd.DataFrame) -> list[Row]:
    """Return (metric, value, step) for each cell of a table indexed by step.

    A metric's name begins with the step's: MLflow's charts put these into a section of their own
    and call every step "step", and a scalar of the same name would be taken for a step.
    """
    return [
        (f"{curves.index.name}/{metric}", value, int(step))
        for metric in curves.columns
        for step, value in curves[metric].items()
    ]
