"""What a job will cost, from what jobs like it cost when they were measured.

`config/costs.csv` has a row for each job of a measured build (`make costs`). Time and disk are
taken as proportional to seeds, and never as less than measured. That errs on the dear side: what
is spent once, however many seeds there are, is multiplied too. Time is that of the processor,
which other work on the machine changes less than wall time; a job has one thread and waits for
little. Memory hardly grows with the seeds, but it depends on which libraries the process held
that the job was forked of: it is doubled where there are more seeds than were measured, and at
least LIBRARIES. docs/scale.md compares all this with what a whole build took.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from relearn.errors import DataError

TABLE = Path("config/costs.csv")
DATA = ("fetch", "normalise")  # one job a data set
SINGLE = ("judge", "publish", "seal", "track", "build_report")  # one job a build
BASES = ("itself", "its experiment", "its scale", "another scale", "nothing")


class Row(NamedTuple):
    """One measured job; names are empty where its rule has no such wildcard.

    `seeds` are those of all runs that it makes or reads, 0 where it reads none; `seconds` are wall
    time, `peak_mib` its most memory, `kib` the size of its outputs, `measured` when and on what.
    """

    scale: str
    rule: str
    experiment: str
    variant: str
    seeds: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    kib: float
    measured: str


class Cost(NamedTuple):
    """Seconds of processor time, the most memory in MiB, outputs' size in KiB, and from what.

    `basis` is one of BASES: a row of the job itself, the dearest of its experiment at its scale, of
    its rule at that scale or at any, or nothing but an allowance.
    """

    seconds: float
    mib: float
    kib: float
    basis: str


LIBRARIES = 360  # MiB: of a job that needs next to nothing, in a process that holds them all
ALLOWANCE = Cost(3600, 4096, 102_400, BASES[-1])  # more than any job that was ever measured


class Costs:
    """The measured jobs, found by what a job has in common with them."""

    def __init__(self, rows: Iterable[Row]):
        self.rows = list(rows)
        self._found: dict[tuple, list[Row]] = defaultdict(list)
        self._kept: dict[tuple, Cost] = {}
        for row in self.rows:
            for place in _places(row.scale, row.rule, row.experiment, row.variant):
                self._found[place].append(row)

    def estimate(
        self,
        scale: str,
        rule: str,
        experiment: str = "",
        variant: str = "",
        seeds: int = 0,
    ) -> Cost:
        """Return what a job will cost.

        Where no row is of the job itself, it costs as much as the dearest of those that come next
        to it. Rows of other experiments count as they were measured, since their seeds say
        nothing about this one's.

        Args:
            scale: the config's.
            rule: the job's.
            experiment, variant: its wildcards, empty where it has none.
            seeds: those of all runs that it makes or reads.
        """
        for basis, place in zip(BASES, _places(scale, rule, experiment, variant), strict=False):
            if place in self._found:
                known = basis in BASES[:2]
                return self._dearest(basis, place, seeds if known else 0)
        return ALLOWANCE

    def _dearest(self, basis: str, place: tuple, seeds: int) -> Cost:
        key = (place, seeds)
        if key not in self._kept:  # a sweep asks the same of many variants
            each = [_extrapolated(row, seeds) for row in self._found[place]]
            self._kept[key] = Cost(*map(max, zip(*each, strict=True)), basis)
        return self._kept[key]


def _places(scale: str, rule: str, experiment: str, variant: str) -> Iterator[tuple]:
    """Yield where a job's rows are looked for, the nearest first, in the order of BASES."""
    yield scale, rule, experiment, variant
    yield scale, rule, experiment, None
    yield scale, rule, None, None
    yield None, rule, None, None


def _extrapolated(row: Row, seeds: int) -> tuple[float, float, float]:
    more = max(1.0, seeds / row.seeds) if row.seeds else 1.0
    mib = row.peak_mib * (2 if more > 1 else 1)
    return row.cpu_seconds * more, max(LIBRARIES, mib), row.kib * more


def read(path: Path = TABLE) -> Costs:
    """Return the measured jobs of a table; none where there is no table.

    Raises:
        DataError: a row is spoilt, with its place.
    """
    if not Path(path).exists():
        return Costs([])
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        if next(reader, None) != list(Row._fields):
            raise DataError(f"{path}:1: is not '{','.join(Row._fields)}'; make costs anew")
        return Costs(_row(path, reader.line_num, values) for values in reader)


def _row(path: Path, line: int, values: list[str]) -> Row:
    try:
        *names, seeds, seconds, cpu_seconds, peak_mib, kib, measured = values
        scale, rule, experiment, variant = names
        numbers = [float(each) for each in (seconds, cpu_seconds, peak_mib, kib)]
        return Row(scale, rule, experiment, variant, int(seeds), *numbers, measured)
    except ValueError as error:
        raise DataError(f"{path}:{line}: {error}; make costs anew") from error
