"""Keep what the jobs of a build took as the costs of its scale: keep_costs.py RESULTS TABLE.

The rows of that scale are replaced, those of the others stay. Any build of all jobs serves, also
one of fewer seeds than the scale has, because each row says how many seeds it is of.
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

from relearn.errors import RelearnError
from relearn.files import whole
from relearn.report.results import Results
from relearn.report.verification import scale
from relearn.runs import costs
from relearn.runs.costs import DATA, SINGLE, Row


@dataclass
class Build:
    """A build whose jobs become rows; all of them were measured when and where its runs were."""

    results: Results
    scale: str
    measured: str

    def row(self, job: str, seeds: int, experiment: str = "", variant: str = "") -> Row:
        """Return the row of a job, by the name that its usage has.

        Raises:
            RelearnError: nothing was left of what it took.
        """
        path = f"usage/{job}.json"
        usage = self.results.needed(path)
        try:
            numbers = [round(usage[key], 2) for key in ("seconds", "cpu_seconds", "peak_mib")]
            size = sum(size for size, _ in usage["outputs"].values())
        except LookupError as error:
            place = self.results.folder / path
            raise RelearnError(f"{place}: no {error}; make clean report") from error
        rule = job.split(".")[0]
        if rule == "track":  # what it adds to is no output of it
            store = self.results.folder / "mlflow"
            size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        kib = round(size / 2**10, 1)
        return Row(self.scale, rule, experiment, variant, seeds, *numbers, kib, self.measured)


def rows(results: Results) -> list[Row]:
    """Return a row for each job of a build.

    Raises:
        RelearnError: a job is missing.
    """
    origins = {
        name: {variant: results.needed(f"provenance/{name}/{variant}.json") for variant in variants}
        for name, variants in ((n, b["variants"]) for n, b in results.config["experiments"].items())
    }
    every = [origin for variants in origins.values() for origin in variants.values()]
    last = max(every, key=lambda origin: origin["finished"])
    where = " + ".join(filter(None, [last["processor"], last["gpu"]]))
    build = Build(results, scale(results), f"{last['finished'][:10]}, {where}")
    seeds = {
        name: {variant: origin["params"]["seeds"] for variant, origin in variants.items()}
        for name, variants in origins.items()
    }
    total = sum(sum(each.values()) for each in seeds.values())
    found = [build.row(path.stem, 0) for rule in DATA for path in _usages(results, rule)]
    for name, variants in seeds.items():
        found += [build.row(f"run.{name}.{each}", variants[each], name, each) for each in variants]
        found.append(build.row(f"draw.{name}", sum(variants.values()), name))
    return [*found, *(build.row(rule, total) for rule in SINGLE)]


def _usages(results: Results, rule: str) -> list[Path]:
    return sorted((results.folder / "usage").glob(f"{rule}.*.json"))


def write(table: Path, rows: list[Row]) -> None:
    """Write the rows into the table in place of those of their scale."""
    replaced = {row.scale for row in rows}
    kept = [row for row in costs.read(table).rows if row.scale not in replaced]
    with whole(table) as path, open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(sorted([*kept, *rows]))


def main(folder: str, table: str) -> int:
    """Write the table; return the exit status."""
    try:
        found = rows(Results.found(Path(folder)))
        write(Path(table), found)
    except RelearnError as error:
        print(f"relearn: {error}", file=sys.stderr)
        return 2
    print(f"{table}: {len(found):,} jobs of {folder} are the costs of {found[0].scale} scale")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
