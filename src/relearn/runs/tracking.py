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
from types import MappingProxyType
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A server that is away is said so in half a minute, not in six.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, ViewType

from relearn.files import whole
from relearn.runs import failures, logged, record

SQLITE = "sqlite:///"
KEY, FIGURE, FAILED = "relearn.key", "relearn.figure", "failed/"
PARENT = "mlflow.parentRunId"


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
        figure = Figure(results, name)
        found[name] = {
            "experiment_id": known.id,
            "runs": {
                variant: store.variant(known, name, variant, facts["seed_runs"], figure)
                for variant in facts["variants"]
            },
        }
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


class Figure:
    """An experiment's figure as an artifact of each of its variants, read once for all of them."""

    def __init__(self, results: Path, experiment: str):
        self.files = [results / "figures" / f"{experiment}.{kind}" for kind in ("svg", "csv")]
        content = b"".join(file.read_bytes() for file in self.files)
        self.digest = hashlib.sha256(content).hexdigest()


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

    def variant(
        self, known: Known, experiment: str, variant: str, seed_runs: bool, figure: Figure
    ) -> str:
        """Track one variant and return its run's id."""
        provenance = json.loads(
            (self.results / "provenance" / experiment / f"{variant}.json").read_text()
        )
        records = record.read(self.results / "runs" / experiment / variant)
        key = provenance["key"]
        parent = known.runs.get(key)
        if parent is None:
            metrics, params = logged.means(records), provenance["params"]
            run_id = self.finished(known, key, variant, provenance, metrics, params, figure=figure)
        else:
            run_id = parent.info.run_id
            if parent.data.tags.get(FIGURE) != figure.digest:
                self.artifacts(run_id, figure)
                self.client.set_tag(run_id, FIGURE, figure.digest)
        if seed_runs and len(records.scalars) > 1:
            for seed, rows in logged.by_seed(records):
                self.child(known, provenance, seed, rows, run_id)
        return run_id

    def child(
        self,
        known: Known,
        provenance: Mapping[str, Any],
        seed: int,
        metrics: list[logged.Row],
        parent_id: str,
    ) -> None:
        """Track one seed under its variant's run."""
        key = f"{provenance['key']}/{seed}"
        run = known.runs.get(key)
        if run is None:
            name = f"{provenance['variant']}, seed {seed}"
            tags = {PARENT: parent_id}
            self.finished(known, key, name, provenance, metrics, {"seed": seed}, tags)
        elif run.data.tags.get(PARENT) != parent_id:
            self.client.set_tag(run.info.run_id, PARENT, parent_id)

    def finished(
        self,
        known: Known,
        key: str,
        name: str,
        provenance: Mapping[str, Any],
        metrics: list[logged.Row],
        params: Mapping[str, Any],
        more_tags: Mapping[str, str] = MappingProxyType({}),
        figure: Figure | None = None,
    ) -> str:
        """Make a run whole in as few calls as the client has, call it FINISHED, return its id.

        Each call is a commit, or a request to a server, and that is what tracking costs. What a
        kill leaves half made is RUNNING, so even the tag of a figure may come before the figure.
        """
        start, end = (
            int(datetime.fromisoformat(provenance[when]).timestamp() * 1000)
            for when in ("started", "finished")
        )
        tags = logged.describe(provenance) | {KEY: key} | dict(more_tags)
        if figure:
            tags[FIGURE] = figure.digest
        run = self.client.create_run(known.id, start_time=start, tags=tags, run_name=name)
        run_id = run.info.run_id
        rows = [Metric(metric, float(value), end, step) for metric, value, step in metrics]
        shown = [Param(param, str(value)) for param, value in params.items()]
        self.client.log_batch(run_id, rows, shown)
        if provenance["data"] is not None:
            data_name = provenance["params"]["dataset"]
            data = Dataset(data_name, provenance["data"][:36], "local", f"data/{data_name}")
            context = InputTag("mlflow.data.context", "training")
            self.client.log_inputs(run_id, [DatasetInput(data, [context])])
        if figure:
            self.artifacts(run_id, figure)
        self.client.set_terminated(run_id, "FINISHED", end_time=end)
        return run_id

    def artifacts(self, run_id: str, figure: Figure) -> None:
        """Keep an experiment's figure with a run, in place of an older one."""
        for file in figure.files:
            self.client.log_artifact(run_id, str(file), "figure")

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
