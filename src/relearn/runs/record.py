"""How a run is kept: two tidy tables and named arrays, each with its seed column or axis."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relearn.errors import DataError
from relearn.files import whole

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = "biuf"  # the kinds of NumPy's types
MOST = 2**30  # bytes of all arrays of a run; at the default scale five million at most
NAMES = ("scalars.csv", "curves.csv", "arrays.npz")
Columns = Mapping[str, np.ndarray]  # name to (rows,) values; a data frame is one too


@dataclass(frozen=True)
class Records:
    """The results of one variant over its seeds.

    Attributes:
        by_seed: one row a seed: `seed`, then a column a metric (`split_metric`).
        by_step: `seed`, then the step (an integer: epoch, iteration, degree), then metrics;
            empty but for its `seed` column where nothing has steps.
        arrays: name to array whose first axis is the seed, in the order of `by_seed`.
    """

    by_seed: Columns
    by_step: Columns = field(default_factory=lambda: {"seed": np.array([], dtype=int)})
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def scalars(self) -> pd.DataFrame:
        """`by_seed` as a data frame."""
        return _frame(self.by_seed)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """`by_step` as a data frame."""
        return _frame(self.by_step)


def _frame(columns: Columns) -> pd.DataFrame:
    import pandas as pd  # slow to import, and a run needs none: it only writes

    return pd.DataFrame(columns)


def table(step: str, steps: np.ndarray, metrics: Mapping[str, np.ndarray]) -> Columns:
    """Lay out curves as tidy columns.

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
    return columns | {name: np.ravel(value) for name, value in metrics.items()}


def per_seed(metrics: Mapping[str, np.ndarray]) -> Columns:
    """Lay out scalars, name to (S,) values, as columns with seeds in order from 0."""
    count = len(next(iter(metrics.values())))
    return {"seed": np.arange(count)} | dict(metrics)


def write(folder: Path, records: Records) -> None:
    """Write the three files into `folder`, each whole or not at all."""
    folder = Path(folder)
    for name, columns in zip(NAMES, (records.by_seed, records.by_step), strict=False):
        with whole(folder / name) as path:
            _write_table(path, columns)
    with whole(folder / "arrays.npz") as path:
        np.savez_compressed(path, **records.arrays)


def _write_table(path: Path, columns: Columns) -> None:
    """Write as pandas would: floats in the fewest digits that give them back, NaN as nothing."""
    rows = zip(*(np.asarray(columns[name]).tolist() for name in columns), strict=True)
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([None if value != value else value for value in row] for row in rows)


def read(folder: Path) -> Records:
    """Read what `write` wrote, every float as it was.

    Raises:
        DataError: a file is missing or unreadable.
    """
    folder = Path(folder)
    try:
        scalars, curves = (read_table(folder / name) for name in NAMES[:2])
        return Records(scalars, curves, _read_arrays(folder / NAMES[2]))
    except Exception as error:  # no reader says what it raises for spoilt bytes
        raise DataError(f"{folder}: {error}; delete the folder and run snakemake again") from error


def read_table(path: Path) -> pd.DataFrame:
    """Return a table whose first column is that of the seeds, and all of numbers.

    Raises:
        DataError: it is another table.
        OSError, ValueError: it cannot be read.
    """
    import pandas as pd

    table = pd.read_csv(path)
    if table.columns[0] != "seed":
        raise DataError(f"{path.name} begins with column '{table.columns[0]}', not 'seed'")
    for column in table.columns:
        if len(table) and table[column].dtype.kind not in NUMBERS:
            raise DataError(f"{path.name}: column '{column}' is not of numbers")
    return table


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > MOST:
        raise DataError(f"{path.name} holds {size} bytes, more than {MOST}")
    with np.load(path, allow_pickle=False) as arrays:
        found = dict(arrays)
    for name, array in found.items():
        if array.dtype.kind not in NUMBERS:
            raise DataError(f"{path.name}: '{name}' is not of numbers")
    return found
