"""Keep what the jobs of a build took as the costs of its scale: keep_costs.py RESULTS TABLE.

The rows of that scale are replaced, those of the others stay. A build of fewer seeds than the scale
has serves too, because each row says how many seeds it is of, and so does one of some jobs only.
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

    def rows(self, job: str, seeds: int, experiment: str = "", variant: str = "") -> list[Row]:
        """Return the row of a job, by the name that its usage has; none where it did not run.

        Raises:
            RelearnError: what was left of it does not say what it took.
        """
        usage = self.results.usage(job)
        if not usage:
            return []
        try:
            numbers = [round(usage[key], 2) for key in ("seconds", "cpu_seconds", "peak_mib")]
            size = sum(size for size, _ in usage["outputs"].values())
        except LookupError as error:
            place = self.results.folder / f"usage/{job}.json"
            raise RelearnError(f"{place}: no {error}; make clean report") from error
        rule = job.split(".")[0]
        if rule == "track":  # what it adds to is no output of it
            store = self.results.folder / "mlflow"
            size = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        names = (self.scale, rule, experiment, variant)
        return [Row(*names, seeds, *numbers, round(size / 2**10, 1), self.measured)]


def rows(results: Results) -> list[Row]:
    """Return a row for each job of a build that has been done."""
    origins: dict[str, dict[str, dict]] = {}
    for name, block in results.config["experiments"].items():
        for variant in block["variants"]:
            if origin := results.provenance(name, variant):
                origins.setdefault(name, {})[variant] = origin
    if not origins:
        raise RelearnError(f"{results.folder}: no run has been done; make report")
    done = Results(
        results.folder, {"experiments": {n: {"variants": o} for n, o in origins.items()}}
    )
    last = max(
        (origin for variants in origins.values() for origin in variants.values()),
        key=lambda origin: origin["finished"],
    )
    where = " + ".join(filter(None, [last["processor"], last["gpu"]]))
    build = Build(results, scale(done), f"{last['finished'][:10]}, {where}")
    found, total = [], 0
    for path in sorted(path for rule in DATA for path in results.folder.glob(f"usage/{rule}.*")):
        found += build.rows(path.stem, 0)
    for name, variants in origins.items():
        seeds = {variant: origin["params"]["seeds"] for variant, origin in variants.items()}
        for variant, count in seeds.items():
            found += build.rows(f"run.{name}.{variant}", count, name, variant)
        found += build.rows(f"draw.{name}", sum(seeds.values()), name)
        total += sum(seeds.values())
    return found + [row for rule in SINGLE for row in build.rows(rule, total)]


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
