"""MLflow as a projection of the results: keyed, idempotent, rebuilt at will.

A parent run stands for a variant, a child for each seed that is a training of its own. A run is
found by its tag `relearn.key` before it is made, and made whole before it is called FINISHED, so
tracking twice, or after a kill, ends with one FINISHED run a key.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A server that is away is said so in half a minute, not in six.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, ViewType

from relearn.files import whole
from relearn.runs import failures, record
from relearn.runs.evidence import interval

BATCH = 1000  # metrics that one call may carry (MLflow's own limit)
SQLITE = "sqlite:///"
KEY, FIGURE, FAILED = "relearn.key", "relearn.figure", "failed/"


def tracking_uri(results: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or else the database under `results`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{results}/mlflow/mlflow.db"


def track(experiments: Mapping[str, Mapping[str, Any]], index: Path, results: Path) -> None:
    """Bring MLflow up to date with the results and write where each variant's run is.

    Args:
        experiments: name to {"variants": names, "seed_runs": whether a seed is a run}.
        index: the JSON file of experiment and run ids to write.
        results: the results folder.
    """
    store = Store(results)
    found: dict[str, Any] = {}
    for name, facts in experiments.items():
        known = store.experiment(name)
        found[name] = {"experiment_id": known.id, "runs": {}}
        for variant in facts["variants"]:
            run_id = store.variant(known, name, variant, facts["seed_runs"])
            found[name]["runs"][variant] = run_id
        store.clear_failures(known)
    store.clear_failures(store.experiment("pipeline"))
    with whole(index) as path:
        shown = {"tracking_uri": tracking_uri(Path("results")), "experiments": found}
        path.write_text(json.dumps(shown, indent=2))


def track_failures(results: Path) -> None:
    """Record every failure note as a FAILED run with the tail of its log."""
    store = Store(results)
    for note in failures.notes(results / "failures"):
        store.failure(note)


class Known:
    """What MLflow holds of one experiment: its id and its active runs by key."""

    def __init__(self, client: MlflowClient, name: str, location: str | None):
        found = client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        self.id = found.experiment_id if found else client.create_experiment(name, location)
        self.runs: dict[str, Run] = {}
        for run in self._pages(client):
            key = run.data.tags.get(KEY)
            if key is None:
                continue
            if run.info.status == "RUNNING" or key in self.runs:
                client.delete_run(run.info.run_id)
            else:
                self.runs[key] = run

    def _pages(self, client: MlflowClient) -> Iterator[Run]:
        token = None
        while True:
            page = client.search_runs(
                [self.id], run_view_type=ViewType.ACTIVE_ONLY, max_results=5000, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


def _at_home(folder: Path) -> None:
    """Empty our own store if it was made elsewhere: MLflow keeps absolute paths of artifacts.

    A copied or moved checkout would go on writing into the old one's folder.
    """
    stamp = folder / "made-in"
    if not stamp.exists() or stamp.read_text() != str(folder):
        for path in (folder / "mlflow.db", folder / "artifacts"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        with whole(stamp) as temporary:
            temporary.write_text(str(folder))


class Store:
    """The tracking server or database, and the results that it mirrors."""

    def __init__(self, results: Path):
        self.results = results
        uri = tracking_uri(results)
        self.folder = None
        if uri.startswith(SQLITE):
            self.folder = Path(uri.removeprefix(SQLITE)).resolve().parent
            self.folder.mkdir(parents=True, exist_ok=True)
        if self.folder == (results / "mlflow").resolve():
            _at_home(self.folder)
        self.client = MlflowClient(tracking_uri=uri)

    def experiment(self, name: str) -> Known:
        """Return the experiment, made at its first use; a database has artifacts beside it."""
        location = str(self.folder / "artifacts" / name) if self.folder else None
        return Known(self.client, name, location)

    def variant(self, known: Known, experiment: str, variant: str, seed_runs: bool) -> str:
        """Track one variant and return its run's id."""
        provenance = json.loads(
            (self.results / "provenance" / experiment / f"{variant}.json").read_text()
        )
        records = record.read(self.results / "runs" / experiment / variant)
        key = provenance["key"]
        parent = known.runs.get(key)
        if parent is None:
            run_id = self.finished(
                known, key, variant, provenance, means(records), provenance["params"]
            )
        else:
            run_id = parent.info.run_id
        if seed_runs and len(records.scalars) > 1:
            for seed in records.scalars["seed"]:
                self.child(known, provenance, records, int(seed), run_id)
        self.figure(run_id, experiment, parent)
        return run_id

    def child(
        self,
        known: Known,
        provenance: Mapping[str, Any],
        records: record.Records,
        seed: int,
        parent_id: str,
    ) -> None:
        """Track one seed under its variant's run."""
        key = f"{provenance['key']}/{seed}"
        run = known.runs.get(key)
        if run is None:
            name = f"{provenance['variant']}, seed {seed}"
            metrics = of_seed(records, seed)
            tags = {"mlflow.parentRunId": parent_id}
            self.finished(known, key, name, provenance, metrics, {"seed": seed}, tags)
        elif run.data.tags.get("mlflow.parentRunId") != parent_id:
            self.client.set_tag(run.info.run_id, "mlflow.parentRunId", parent_id)

    def finished(
        self,
        known: Known,
        key: str,
        name: str,
        provenance: Mapping[str, Any],
        metrics: list[tuple[str, float, int]],
        params: Mapping[str, Any],
        more_tags: Mapping[str, str] | None = None,
    ) -> str:
        """Make a run whole, call it FINISHED and return its id."""
        start, end = (
            int(datetime.fromisoformat(provenance[when]).timestamp() * 1000)
            for when in ("started", "finished")
        )
        tags = describe(provenance) | {KEY: key} | dict(more_tags or {})
        run = self.client.create_run(known.id, start_time=start, tags=tags, run_name=name)
        run_id = run.info.run_id
        rows = [Metric(metric, float(value), end, step) for metric, value, step in metrics]
        shown = [Param(param, str(value)) for param, value in params.items()]
        for first in range(0, max(len(rows), 1), BATCH):
            self.client.log_batch(run_id, rows[first : first + BATCH], shown if not first else ())
        if provenance["data"] is not None:
            data_name = provenance["params"]["dataset"]
            data = Dataset(data_name, provenance["data"][:36], "local", f"data/{data_name}")
            context = InputTag("mlflow.data.context", "training")
            self.client.log_inputs(run_id, [DatasetInput(data, [context])])
        self.client.set_terminated(run_id, "FINISHED", end_time=end)
        known.runs[key] = self.client.get_run(run_id)
        return run_id

    def figure(self, run_id: str, experiment: str, parent: Run | None) -> None:
        """Keep the experiment's figure as the run's artifact; do nothing if it is there."""
        files = [self.results / "figures" / f"{experiment}.{kind}" for kind in ("svg", "csv")]
        content = b"".join(file.read_bytes() for file in files)
        digest = hashlib.sha256(content).hexdigest()
        if parent is not None and parent.data.tags.get(FIGURE) == digest:
            return
        for file in files:
            self.client.log_artifact(run_id, str(file), "figure")
        self.client.set_tag(run_id, FIGURE, digest)

    def failure(self, note: Mapping[str, Any]) -> None:
        """Record one failed job as a FAILED run, in place of an earlier one of the same job."""
        wildcards = note["wildcards"]
        known = self.experiment(wildcards.get("experiment", "pipeline"))
        name = "/".join([note["rule"], *wildcards.values()])
        old = known.runs.get(FAILED + name)
        if old is not None:
            self.client.delete_run(old.info.run_id)
        end = int(datetime.fromisoformat(note["ended"]).timestamp() * 1000)
        tags = {
            KEY: FAILED + name,
            "mlflow.note.content": note["error"],
            "relearn.log": note["log"],
        }
        run = self.client.create_run(
            known.id, start_time=end, tags=tags, run_name=f"failed: {name}"
        )
        self.client.log_text(run.info.run_id, note["tail"], "log_tail.txt")
        self.client.set_terminated(run.info.run_id, "FAILED", end_time=end)

    def clear_failures(self, known: Known) -> None:
        """Delete (MLflow keeps the deleted) the FAILED runs of jobs that have since succeeded."""
        standing = {
            FAILED + "/".join([note["rule"], *note["wildcards"].values()])
            for note in failures.notes(self.results / "failures")
        }
        for key, run in known.runs.items():
            if key.startswith(FAILED) and key not in standing:
                self.client.delete_run(run.info.run_id)


def describe(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags by which runs are found and compared."""
    tags = {
        "relearn.experiment": provenance["experiment"],
        "relearn.variant": provenance["variant"],
        "relearn.fingerprint": provenance["fingerprint"],
        "relearn.seed_base": str(provenance["seed_base"]),
        "relearn.command": provenance["command"],
        "relearn.dirty": str(provenance["dirty"]),
        "mlflow.source.name": f"src/relearn/experiments/{provenance['experiment']}.py",
        "mlflow.source.type": "LOCAL",
        "version.python": provenance["python"],
    }
    if provenance["commit"] is not None:
        tags["mlflow.source.git.commit"] = provenance["commit"]
    return tags | {f"version.{name}": value for name, value in provenance["versions"].items()}


def means(records: record.Records) -> list[tuple[str, float, int]]:
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


def of_seed(records: record.Records, seed: int) -> list[tuple[str, float, int]]:
    """Return one seed's metrics and curves."""
    scalars = records.scalars.set_index("seed").loc[seed]
    metrics = [(str(name), value, 0) for name, value in scalars.items()]
    if len(records.curves):
        step = records.curves.columns[1]
        mine = records.curves[records.curves["seed"] == seed]
        metrics += rows_of(mine.drop(columns="seed").set_index(step))
    return [row for row in metrics if np.isfinite(row[1])]


def rows_of(curves: pd.DataFrame) -> list[tuple[str, float, int]]:
    """Return (metric, value, step) for each cell of a table indexed by step."""
    return [
        (str(metric), value, int(step))
        for metric in curves.columns
        for step, value in curves[metric].items()
    ]
