"""Runs into MLflow's database: the projection of the results, or a client call for each value."""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import numpy as np

from benchmarks.measure import compare, interleaved, seconds
from relearn.runs import described, logged, provenance, record, store, tracking
from relearn.runs.record import Records, per_seed, table

EXPERIMENT, VARIANTS, SCALE = "tracked", ["plain", "fast"], "default"
SEEDS, EPOCHS, PAIRS = 10, 10, 7
SCALARS = ("test_accuracy", "last_loss", "drawn_agreement")
CURVES = ("published_loss", "mean_loss", "drawn_over_mean", "train_accuracy")


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time both on runs as long as listing 10.6's, each time into a database of its own."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="tracking-") as name:
        here = Path(name)
        write_results(here / "results", SEEDS, EPOCHS)

        def timed(side) -> float:
            uri = database(Path(tempfile.mkdtemp(dir=here)))
            return seconds(lambda: side(here / "results", uri))

        runs = len(VARIANTS) * (1 + SEEDS)
        unit = f"seconds of {runs} runs with a client call for {{}} / by the pipeline, in SQLite"
        found = {}
        for name, side, told, goal in (
            ("tracking", call_by_call, "each tag, parameter and step's metric", ">= 5"),
            (
                "tracking_vs_dictionaries",
                by_dictionaries,
                "all tags, all parameters, each step",
                "",
            ),
        ):
            pairs = interleaved(lambda side=side: timed(side), lambda: timed(projection), PAIRS)
            found[name] = compare(pairs, unit.format(told), goal, runs=runs)
            found[name]["runs_a_second"] = [runs / spent for spent in found[name]["medians"]]
    return found


def write_results(results: Path, seeds: int, epochs: int) -> None:
    """Write runs whose numbers are random, with their provenance and a figure."""
    generator = np.random.default_rng(0)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    for variant in VARIANTS:
        scalars = per_seed({name: generator.random(seeds) for name in SCALARS})
        curves = {name: generator.random((seeds, epochs)) for name in CURVES}
        records = Records(scalars, table("epoch", np.arange(1, epochs + 1), curves))
        record.write(results / "runs" / EXPERIMENT / variant, records)
        identity = {
            "experiment": EXPERIMENT,
            "variant": variant,
            "params": {"seeds": seeds, "epochs": epochs, "batch_size": 64, "learning_rate": 0.001},
            "seed_base": 0,
            "fingerprint": "",
            "data": None,
        }
        path = results / "provenance" / EXPERIMENT / f"{variant}.json"
        provenance.write(path, identity, moment, moment, threads=1, remade_by="")
    (results / "figures").mkdir()
    for kind in ("svg", "csv"):
        (results / "figures" / f"{EXPERIMENT}.{kind}").write_text(kind * 25_000, encoding="utf-8")


def database(folder: Path) -> str:
    """Make an empty MLflow database, which takes seconds, and return its address."""
    uri = f"{store.SQLITE}{folder}/mlflow.db"
    mlflow.MlflowClient(uri).search_experiments()
    return uri


def projection(results: Path, uri: str) -> None:
    """Track the results as the pipeline does."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = uri
    try:
        facts = {"question": __doc__, "variants": VARIANTS, "seed_runs": True}
        index = Path(uri.removeprefix(store.SQLITE)).with_name("runs.json")
        tracking.track({EXPERIMENT: facts}, index, results, SCALE)
    finally:
        os.environ.pop("MLFLOW_TRACKING_URI")
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before


def call_by_call(results: Path, uri: str) -> None:
    """Track the results with a client call for each tag, parameter and metric."""
    _by_fluent_calls(results, uri, log)


def by_dictionaries(results: Path, uri: str) -> None:
    """Track the results with a call for each run's tags, parameters and step."""
    _by_fluent_calls(results, uri, log_dictionaries)


def _by_fluent_calls(results: Path, uri: str, log: Callable[..., None]) -> None:
    mlflow.set_tracking_uri(uri)
    artifacts = Path(uri.removeprefix(store.SQLITE)).with_name("artifacts")
    mlflow.set_experiment(experiment_id=mlflow.create_experiment(EXPERIMENT, str(artifacts)))
    about = described.About(EXPERIMENT, __doc__, len(VARIANTS), [], SCALE, served=True)
    there = store.THERE | {tracking.LEVEL: "variant"}
    for variant in VARIANTS:
        facts = json.loads(
            (results / f"provenance/{EXPERIMENT}/{variant}.json").read_text(encoding="utf-8")
        )
        records = record.read(results / "runs" / EXPERIMENT / variant)
        tags = logged.of_variant(facts) | about.variant(facts, []) | there
        with mlflow.start_run(run_name=variant):
            log(tags | {store.KEY: facts["key"]}, facts["params"], logged.means(records))
            for kind in ("svg", "csv"):
                mlflow.log_artifact(str(results / f"figures/{EXPERIMENT}.{kind}"), "figure")
            for seed, rows in logged.by_seed(records):
                with mlflow.start_run(run_name=f"{variant}, seed {seed}", nested=True):
                    tags = logged.of_seed(facts) | there | {tracking.LEVEL: "seed"}
                    log(tags | {store.KEY: f"{facts['key']}/{seed}"}, {"seed": seed}, rows)


def log_dictionaries(tags: dict, params: dict, metrics: list[logged.Row]) -> None:
    """Log one run's tags and parameters at once, and its metrics step by step."""
    mlflow.set_tags(tags)
    mlflow.log_params(params)
    steps: dict[int, dict[str, float]] = defaultdict(dict)
    for name, value, step in metrics:
        steps[step][name] = value
    for step, values in steps.items():
        mlflow.log_metrics(values, step=step)


def log(tags: dict, params: dict, metrics: list[logged.Row]) -> None:
    """Log one run's tags, parameters and metrics, one by one."""
    for tag, value in tags.items():
        mlflow.set_tag(tag, value)
    for name, value in params.items():
        mlflow.log_param(name, value)
    for name, value, step in metrics:
        mlflow.log_metric(name, value, step=step)
