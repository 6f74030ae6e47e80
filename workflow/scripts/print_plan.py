"""Say what a build from nothing will cost, before it: print_plan.py [--configfile FILE ...].

Needs neither data nor results; the files are merged over config/config.yaml as Snakemake does.
"""

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from relearn.errors import RelearnError
from relearn.experiments import configuration
from relearn.planning import plan
from relearn.report.formats import duration
from relearn.runs import costs
from relearn.runs.costs import SINGLE, Cost, Costs

CONFIG = Path("config/config.yaml")
SCHEMA = Path("workflow/schemas/config.schema.json")
KEPT = Path(".snakemake/relearn_costs.json")  # beside the Snakefile's, whose digest is another
SLOTS = (10, 100)
DEAREST = 5


class Job(NamedTuple):
    """A job of a build; the wildcards that its rule does not have are empty."""

    rule: str
    experiment: str
    variant: str
    seeds: int
    cost: Cost


def jobs(planned: dict[str, Any], scale: str, table: Costs) -> list[Job]:
    """Return every job of a build from nothing."""
    found, datasets, total = [], set(), 0
    for name, facts in planned["experiments"].items():
        seeds = 0
        for variant, parameters in facts["variants"].items():
            cost = Cost(**facts["costs"][variant])
            found.append(Job("run", name, variant, parameters["seeds"], cost))
            datasets.add(parameters.get("dataset"))
            seeds += parameters["seeds"]
        found.append(Job("draw", name, "", seeds, table.estimate(scale, "draw", name, seeds=seeds)))
        total += seeds
    several = [rule for rule in costs.DATA for _ in datasets - {None}]
    found += [Job(rule, "", "", 0, table.estimate(scale, rule)) for rule in several]
    return found + [
        Job(rule, "", "", total, table.estimate(scale, rule, seeds=total)) for rule in SINGLE
    ]


def least_seconds(found: list[Job], slots: int) -> float:
    """Return a lower bound of a build's wall time, in seconds.

    No build is shorter than its work shared out evenly, nor than its longest chain: a data set, an
    experiment's longest run and its figure, then the verdicts, MLflow and the report.
    """
    longest: dict[str, float] = defaultdict(float)
    drawn: dict[str, float] = {}
    one_each: dict[str, float] = defaultdict(float)
    for job in found:
        if job.rule == "run":
            longest[job.experiment] = max(longest[job.experiment], job.cost.seconds)
        elif job.rule == "draw":
            drawn[job.experiment] = job.cost.seconds
        else:
            one_each[job.rule] = max(one_each[job.rule], job.cost.seconds)
    in_line = (*costs.DATA, "judge", "track", "build_report")
    chain = max(longest[name] + drawn[name] for name in drawn)
    chain += sum(one_each[rule] for rule in in_line)
    return max(chain, sum(job.cost.seconds for job in found) / slots)


def mebibytes(value: float) -> str:
    """Return "1,090 MiB"."""
    return f"{value:,.0f} MiB"


def named(job: Job) -> str:
    """Return a job as its log names it: "run perceptron/flipped"."""
    return " ".join(filter(None, [job.rule, "/".join(filter(None, job[1:3]))]))


def table_of(title: str, groups: dict[str, list[Job]]) -> Table:
    """Return a row for each group of jobs, with what they cost together and at most."""
    shown = Table(title, box=None, pad_edge=False, header_style="bold")
    for head in ("jobs", "core-hours", "longest", "most memory", "disk"):
        shown.add_column(head, justify="right", no_wrap=True)
    for name, group in groups.items():
        each = [job.cost for job in group]
        shown.add_row(
            name,
            f"{len(group):,}",
            f"{sum(cost.seconds for cost in each) / 3600:,.2f}",
            duration(max(cost.seconds for cost in each)),
            mebibytes(max(cost.mib for cost in each)),
            mebibytes(sum(cost.kib for cost in each) / 2**10),
        )
    return shown


def grouped(found: list[Job], key: str) -> dict[str, list[Job]]:
    """Return the jobs by one of their fields, the dearest group first."""
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in found:
        groups[getattr(job, key)].append(job)
    cost = {name: sum(job.cost.seconds for job in group) for name, group in groups.items()}
    return {name: groups[name] for name in sorted(groups, key=lambda name: -cost[name])}


def summary(found: list[Job], cores: int) -> list[str]:
    """Return the times, the largest job and the disk, in lines."""
    longest = max(found, key=lambda job: job.cost.seconds)
    largest = max(found, key=lambda job: job.cost.mib)
    times = [f"{duration(least_seconds(found, slots))} on {slots:,}" for slots in SLOTS]
    here = f"{duration(least_seconds(found, cores))} on this machine's {cores} cores"
    return [
        f"wall time:   {', '.join([here, *times])} (no less; one thread a job)",
        f"longest job: {duration(longest.cost.seconds)}, {named(longest)}",
        f"most memory: {mebibytes(largest.cost.mib)}, {named(largest)}",
        f"disk:        {mebibytes(sum(job.cost.kib for job in found) / 2**10)} without data sets",
    ]


def basis(found: list[Job], scale: str, table: Costs) -> list[str]:
    """Return in lines what the estimates rest on."""
    rows = [row for row in table.rows if row.scale == scale]
    measured = sum(row.seeds for row in rows if row.rule == "run")
    wanted = sum(job.seeds for job in found if job.rule == "run")
    when = "; ".join(sorted({row.measured for row in rows}))
    told = f"{len(rows):,} measured jobs of {scale} scale ({when}), {measured:,} seeds"
    lines = [f"estimated from {told}; wanted are {wanted:,}"]
    if not rows:
        lines = [f"{costs.TABLE} has no job of {scale} scale: make costs"]
    for kind in costs.BASES[1:]:
        guessed = [job for job in found if job.cost.basis == kind]
        if guessed:
            what = "an allowance" if kind == costs.BASES[-1] else f"the dearest of {kind}"
            lines.append(f"{len(guessed):,} jobs were not measured; each counts as {what}")
    return lines


def main(files: list[Path]) -> int:
    """Print the plan; return the exit status."""
    try:
        config: dict[str, Any] = {}
        for path in (CONFIG, *files):
            configuration.check_file(path)  # Snakemake's reader would not say which file it was
            update_config(config, load_configfile(str(path)))
        planned = plan(config, [CONFIG, *files], SCHEMA, KEPT)
        table = costs.read()
    except (RelearnError, WorkflowError) as error:
        print(f"relearn: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    found = jobs(planned, config["scale"], table)
    console = Console(highlight=False)
    console.width = max(console.width, 100)  # a line of the table is not cut
    print(f"{config['scale']} scale, from nothing to the report\n")
    everything = grouped(found, "rule") | {"all": found}
    console.print(table_of("rule", everything))
    dearest = list(grouped([job for job in found if job.experiment], "experiment").items())
    console.print()
    console.print(table_of("dearest experiment", dict(dearest[:DEAREST])))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = [*summary(found, cores or 1), "", *basis(found, config["scale"], table)]
    print("", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", nargs="+", type=Path, default=[], metavar="FILE")
    sys.exit(main(parser.parse_args().configfile))
