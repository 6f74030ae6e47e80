"""What the pipeline costs beyond its computations, when all, nothing or a caption is to be done."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections import defaultdict
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from benchmarks import project
from benchmarks.measure import ONE_THREAD, ROOT, absolute, compare, interleaved, seconds
from relearn.data import images
from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.files import whole
from relearn.runs import evidence, manifest, record
from relearn.runs.seeds import seeds

BUILDS, PLANNINGS, CAPTIONS = 3, 8, 5
LIBRARIES = "scipy.stats sklearn.linear_model sklearn.ensemble statsmodels torch mlflow matplotlib"
PROSE = "src/relearn/report/prose/en/linear_regression.md"
BARE = """
rule all:
    input: [f"out/{{number}}" for number in range({count})]
rule one:
    output: "out/{{number}}"
{params}    shell: "touch {{output}}"
"""


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Build the default scale in a copy, and do the same computations without a workflow."""
    folder = folder / "pipeline_overhead"
    copy, cores = project.copy(folder / "project"), os.cpu_count() or 1
    (copy / "data").symlink_to(ROOT / "data")
    computing: list[dict[str, float]] = []

    def build() -> float:
        for name in ("results", ".snakemake"):
            shutil.rmtree(copy / name, ignore_errors=True)
        return seconds(lambda: project.snakemake(copy, "--cores", str(cores)))

    os.environ.update(ONE_THREAD)  # as in a job: for the processes that are started now
    with ProcessPoolExecutor(cores, get_context("spawn"), _warm) as workers:

        def plain() -> float:
            # A folder each time: a worker's MLflow would go on in the database of the last one.
            scratch = folder / f"plain_{len(computing)}"
            computing.append(_computations(workers, copy / "results", scratch))
            return sum(computing[-1].values()) / cores

        overhead = compare(
            interleaved(build, plain, BUILDS),
            f"seconds of the default build / of its computations, {cores} warm processes each",
            "<= 1.25",
            computing=computing,
            jobs=_jobs(copy / "results/usage"),
        )
    narrow = [
        (wall, sum(spent[rule] for rule in ("run", "draw", "judge")) / cores)
        for (wall, _), spent in zip(overhead["pairs"], computing, strict=True)
    ]
    unit = "the same, but only runs, figures and verdicts count as computations"
    count = sum(1 for path in (copy / "results/usage").glob("*.json"))
    return {
        "pipeline_overhead": overhead,
        "pipeline_overhead_of_experiments": compare(narrow, unit, ""),
        **_noop(copy, folder, count),
        **_caption(copy),
    }


def _noop(copy: Path, folder: Path, count: int) -> dict[str, dict[str, Any]]:
    entries = {}
    for name, params, goal in (
        ("noop_vs_bare", "", "<= 1.5"),
        ("noop_vs_bare_with_params", '    params: code="1"\n', ""),
    ):
        bare = folder / name
        bare.mkdir(parents=True, exist_ok=True)
        (bare / "Snakefile").write_text(BARE.format(count=count, params=params), encoding="utf-8")
        project.snakemake(bare, "--cores", "all")
        pairs = interleaved(
            lambda: _nothing_to_do(copy),
            lambda bare=bare: seconds(lambda: project.snakemake(bare, "--cores", "all")),
            PLANNINGS,
        )
        told = "jobs of one parameter" if params else "jobs without parameters"
        unit = f"seconds of a build with nothing to do / of one of {count} bare {told}"
        entries[name] = compare(pairs, unit, goal)
    return entries


def _nothing_to_do(copy: Path) -> float:
    told: list[str] = []
    spent = seconds(lambda: told.append(project.snakemake(copy)))
    if "Nothing to be done" not in told[0]:
        raise RelearnError(f"{copy}: a second build made something: {told[0][-300:]}")
    return spent


def _caption(copy: Path) -> dict[str, dict[str, Any]]:
    spent = []
    for number in range(CAPTIONS):
        text = (ROOT / PROSE).read_text(encoding="utf-8")
        text = text.replace("Figure: ", f"Figure: Caption {number}. ")
        (copy / PROSE).write_text(text, encoding="utf-8")
        spent.append(seconds(lambda: project.snakemake(copy)))
        shown = (copy / "results/report/index.html").read_text(encoding="utf-8")
        if f"Caption {number}." not in shown:
            raise RelearnError(f"{copy / PROSE}: its new caption is not in the report")
    unit = "seconds from a changed caption to the report"
    return {"caption_to_report_s": absolute(spent, unit, "<= 5")}


def _jobs(folder: Path) -> dict[str, float]:
    """Return the seconds of all jobs of each rule, from the first line of each script on."""
    spent: dict[str, float] = defaultdict(float)
    for path in folder.glob("*.json"):
        spent[path.name.split(".")[0]] += json.loads(path.read_text(encoding="utf-8"))["seconds"]
    return dict(spent)


def _warm() -> None:
    """A process that computes pays for its imports once, before the clock starts."""
    for name in [*LIBRARIES.split(), "relearn.runs.tracking", "relearn.report.page"]:
        importlib.import_module(name)
    for name in catalogue.names():
        catalogue.module(name)


def _computations(workers: Executor, results: Path, scratch: Path) -> dict[str, float]:
    """Do what the jobs do, in warm processes; return the seconds of each rule's.

    Args:
        workers: the processes.
        results: a finished build's, so that what one computation reads is there for it.
        scratch: where they write.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    blocks = config["experiments"]
    runs = [
        workers.submit(_run, config, name, variant, scratch)
        for name, block in blocks.items()
        for variant in block["variants"]
    ]
    draws = [workers.submit(_draw, results, name, blocks[name], scratch) for name in blocks]
    spent = {"run": sum(each.result() for each in runs)}
    spent["draw"] = sum(each.result() for each in draws)
    for path in (results / "runs").rglob("*.csv"):
        if path.read_bytes() != (scratch / path.relative_to(results)).read_bytes():
            raise RelearnError(f"{path}: the computation without a workflow gave another result")
    for name in ("provenance", "figures", "failures"):
        shutil.copytree(results / name, scratch / name)
    spent |= workers.submit(_conclude, config, results, scratch).result()
    return spent


def _run(config: dict, experiment: str, variant: str, scratch: Path) -> float:
    block, module = config["experiments"][experiment], catalogue.module(experiment)

    def work() -> None:
        params = catalogue.parameters(experiment, block, variant)
        dataset = getattr(params, "dataset", None)
        data = images.load(ROOT / "data" / dataset) if dataset else None
        replicates = seeds(config["seed_base"], experiment, params.seeds)
        record.write(scratch / "runs" / experiment / variant, module.run(params, replicates, data))

    return seconds(work)


def _read(results: Path, experiment: str, block: dict) -> dict[str, record.Records]:
    folder = results / "runs" / experiment
    return {variant: record.read(folder / variant) for variant in block["variants"]}


def _draw(results: Path, experiment: str, block: dict, scratch: Path) -> float:
    def work() -> None:
        figure = catalogue.module(experiment).draw(_read(results, experiment, block))
        files = [scratch / f"drawn/{experiment}.{kind}" for kind in ("svg", "csv")]
        figure.save(*map(str, files), salt=experiment)
        figure.description()

    (scratch / "drawn").mkdir(parents=True, exist_ok=True)
    return seconds(work)


def _conclude(config: dict, results: Path, scratch: Path) -> dict[str, float]:
    """Judge, publish, seal, track and report, as their jobs do, one after the other."""
    from relearn.report import page
    from relearn.runs import registration, tracking

    blocks = config["experiments"]

    def judge() -> None:
        effects, claims = {}, {}
        for name, block in blocks.items():
            effects |= catalogue.module(name).judge(_read(results, name, block))
            claims |= {key: claim | {"experiment": name} for key, claim in block["claims"].items()}
        verdicts = evidence.verdicts(claims, effects)
        (scratch / "claims.json").write_text(json.dumps(verdicts), encoding="utf-8")

    def publish() -> None:
        modules = {name: catalogue.module(name) for name in blocks}
        numbers = {
            module.LISTING: module.publish(record.read(results / f"runs/{name}/published"))
            for name, module in modules.items()
            if hasattr(module, "LISTING")
        }
        (scratch / "published.json").write_text(json.dumps(numbers), encoding="utf-8")

    def seal() -> None:
        files = [path for name in ("runs", "figures") for path in (scratch / name).rglob("*.*")]
        manifest.seal(map(str, files), scratch / "manifest.sha256", scratch / "usage")

    def track() -> None:
        told = {
            name: {
                "question": catalogue.module(name).__doc__,
                "variants": list(block["variants"]),
                "seed_runs": catalogue.module(name).SEED_RUNS,
            }
            for name, block in blocks.items()
        }
        tracking.track(told, scratch / "mlflow/runs.json", scratch, config["scale"])

    def report() -> None:
        with whole(scratch / "report/index.html") as path:
            registered = registration.of(config)
            path.write_text(
                page.build(scratch, config, Path(), registered=registered).html, encoding="utf-8"
            )

    steps = (judge, publish, seal, track, report)
    return {step.__name__: seconds(step) for step in steps}
