"""How a run is kept: two tidy tables and named arrays, each with its seed column or axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from relearn.errors import DataError
from relearn.files import whole

NAMES = ("scalars.csv", "curves.csv", "arrays.npz")


@dataclass(frozen=True)
class Records:
    """The results of one variant over its seeds.

    Attributes:
        scalars: one row a seed: `seed`, then a column a metric (`split_metric`).
        curves: `seed`, then the step (an integer: epoch, iteration, degree), then metrics;
            empty but for its `seed` column where nothing has steps.
        arrays: name to array whose first axis is the seed, in the order of `scalars`.
    """

    scalars: pd.DataFrame
    curves: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"seed": []}, dtype=int))
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def table(step: str, steps: np.ndarray, metrics: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Lay out curves as a tidy table.

    Args:
        step: the step's name.
        steps: (T,) integers.
        metrics: name to (S, T) values, seeds in order from 0.
    """
    count = len(next(iter(metrics.values())))
    columns = {
        "seed": np.repeat(np.arange(count), len(steps)),
        step: np.tile(np.asarray(steps), count),
    }
    return pd.DataFrame(columns | {name: np.ravel(value) for name, value in metrics.items()})


def per_seed(metrics: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Lay out scalars, name to (S,) values, as a table with seeds in order from 0."""
    count = len(next(iter(metrics.values())))
    return pd.DataFrame({"seed": np.arange(count)} | dict(metrics))


def write(folder: Path, records: Records) -> None:
    """Write the three files into `folder`, each whole or not at all."""
    folder = Path(folder)
    with whole(folder / "scalars.csv") as path:
        records.scalars.to_csv(path, index=False)
    with whole(folder / "curves.csv") as path:
        records.curves.to_csv(path, index=False)
    with whole(folder / "arrays.npz") as path:
        np.savez_compressed(path, **records.arrays)


def read(folder: Path) -> Records:
    """Read what `write` wrote, every float as it was.

    Raises:
        DataError: a file is missing or unreadable.
    """
    folder = Path(folder)
    try:
        scalars, curves = (pd.read_csv(folder / name) for name in NAMES[:2])
        with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
            return Records(scalars, curves, dict(arrays))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: {error}; delete the folder and run snakemake again") from error
