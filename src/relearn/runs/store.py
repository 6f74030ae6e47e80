"""The MLflow server or database: experiments, runs found by key, and what it takes to keep them.

The only module that imports mlflow.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A server that is away is said so in half a minute, not in six.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    Metric,
    Param,
    Run,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException

from relearn.data.addresses import public
from relearn.errors import RelearnError
from relearn.files import whole
from relearn.runs import database, described, logged

SQLITE = "sqlite:///"
KEY, PARENT, FAILED = "relearn.key", "mlflow.parentRunId", "failed/"
CURRENT, FORM = "relearn.current", "relearn.form"
THERE = {CURRENT: "true", FORM: "2"}  # a run of another form is made again
Files = Mapping[str, Sequence[Path]]  # an artifact folder to what lies in it


def tracking_uri(results: Path) -> str:
    """Return MLFLOW_TRACKING_URI, or else the database under `results`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{results}/mlflow/mlflow.db"


def _keep_credentials(server: str) -> str:
    """Hand the name and password, or the token, of a server's address to MLflow; return the rest.

    An address stands in every message of a failed request, and so in logs and in the report.
    """
    parts = urlsplit(server)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if name and password:
        os.environ["MLFLOW_TRACKING_USERNAME"] = name
        os.environ["MLFLOW_TRACKING_PASSWORD"] = password
    elif name and os.environ.get("MLFLOW_TRACKING_PASSWORD"):
        os.environ["MLFLOW_TRACKING_USERNAME"] = name
    elif name or password:  # MLflow asks nobody by a name without a password, or the reverse
        os.environ["MLFLOW_TRACKING_TOKEN"] = name or password
    return public(server)


@contextmanager
def answering(results: Path) -> Iterator[None]:
    """Around what talks to a server or database that somebody named.

    Raises:
        RelearnError: it does not answer, or refuses.
    """
    try:
        yield
    except MlflowException as error:
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            raise
        raise RelearnError(
            f"{public(tracking_uri(results))}: {error}; see that the server is up and lets you in, "
            "or unset MLFLOW_TRACKING_URI; the results stay, and the same command tracks them"
        ) from error


class Store:
    """Where runs are kept; `folder` is the database's, None where a server has it.

    Where a network file system holds our own, the block of a `with` ends with it in its place.
    """

    def __init__(self, results: Path):
        self._at_hand = ExitStack()
        uri = tracking_uri(results)
        self.folder = None
        if uri.startswith(SQLITE):
            self.folder = Path(uri.removeprefix(SQLITE)).resolve().parent
            self.folder.mkdir(parents=True, exist_ok=True)
        if self.folder == (results / "mlflow").resolve():
            _at_home(self.folder)
            path = self._at_hand.enter_context(database.at_hand(self.folder / "mlflow.db"))
            database.ready(path, _enter, self.folder / "made-by")
            uri = f"{SQLITE}{path}"
        if uri.startswith("http"):
            uri = _keep_credentials(uri)
        self.client = MlflowClient(tracking_uri=uri)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._at_hand.__exit__(*raised)

    def experiment(self, name: str, tags: Mapping[str, str] = described.KIND) -> Known:
        """Return the experiment, made with these tags at its first use.

        A database has its artifacts beside it.
        """
        location = str(self.folder / "artifacts" / name) if self.folder else None
        return Known(self.client, name, location, tags)


def _enter(path: Path) -> None:
    MlflowClient(tracking_uri=f"{SQLITE}{path}").search_experiments(max_results=1)


def _at_home(folder: Path) -> None:
    """Empty our own store if it was made elsewhere: MLflow keeps absolute paths of artifacts.

    A copied or moved checkout would go on writing into the old one's folder.
    """
    stamp = folder / "made-in"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != str(folder):
        for path in (folder / "mlflow.db", folder / "artifacts"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        with whole(stamp) as temporary:
            temporary.write_text(str(folder), encoding="utf-8")


class Known:
    """What MLflow holds of one experiment: its id, its tags and its active runs by key."""

    def __init__(
        self, client: MlflowClient, name: str, location: str | None, tags: Mapping[str, str]
    ):
        self.client = client
        found = client.get_experiment_by_name(name) or self._made(name, location, tags)
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        self.id, self.tags = found.experiment_id, found.tags
        self.runs: dict[str, Run] = {}
        self.current: set[str] = set()
        for run in self._pages():
            key = run.data.tags.get(KEY)
            if key is None:
                continue
            if run.info.status == "RUNNING" or key in self.runs:
                client.delete_run(run.info.run_id)
            else:
                self.runs[key] = run

    def _made(self, name: str, location: str | None, tags: Mapping[str, str]) -> Experiment:
        """Make the experiment, or take what was made meanwhile.

        That may be by this very call: MLflow's client repeats one whose answer was lost.
        """
        try:
            self.client.create_experiment(name, location, dict(tags))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return self.client.get_experiment_by_name(name)

    def _pages(self) -> Iterator[Run]:
        token = None
        while True:
            page = self.client.search_runs(
                [self.id], run_view_type=ViewType.ACTIVE_ONLY, max_results=5000, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def tell(self, tags: Mapping[str, str]) -> None:
        """Bring the experiment's own tags up to date."""
        for name, value in described.outdated(self.tags, tags).items():
            self.client.set_experiment_tag(self.id, name, value)
        for name in described.withdrawn(self.tags, tags):
            self.client.delete_experiment_tag(self.id, name)

    def run(self, key: str) -> Run | None:
        """Return the run of a key that is among the results; None where it is to be made."""
        self.current.add(key)
        run = self.runs.get(key)
        if run is not None and run.data.tags.get(FORM) != THERE[FORM]:
            self.client.delete_run(run.info.run_id)
            return None
        return run

    def update(self, run: Run, tags: Mapping[str, str]) -> None:
        """Bring a run's tags up to date, in one call or none."""
        changed = described.outdated(run.data.tags, {**tags, **THERE})
        if changed:
            new = [RunTag(name, value) for name, value in changed.items()]
            self.client.log_batch(run.info.run_id, tags=new)
        for name in described.withdrawn(run.data.tags, tags):
            self.client.delete_tag(run.info.run_id, name)

    def make(
        self,
        name: str,
        span: tuple[int, int],
        metrics: Sequence[logged.Row],
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        data: logged.Data | None = None,
        files: Files | None = None,
    ) -> str:
        """Make a run whole in as few calls as the client has, call it FINISHED, return its id.

        Each call is a commit, or a request to a server, and that is what tracking costs. What a
        kill leaves half made is RUNNING, so even the tag of a figure may come before the figure.

        Args:
            name: what the page calls it.
            span: its start and end, milliseconds since 1970.
        """
        start, end = span
        tags = {**tags, **THERE}
        run_id = self.client.create_run(self.id, start, tags, run_name=name).info.run_id
        rows = [Metric(metric, float(value), end, step) for metric, value, step in metrics]
        self.client.log_batch(
            run_id, rows, [Param(key, str(value)) for key, value in params.items()]
        )
        if data is not None:
            source = json.dumps({"uri": data.uri})
            dataset = Dataset(data.name, data.digest, "local", source, profile=data.profile)
            context = InputTag("mlflow.data.context", "training")
            self.client.log_inputs(run_id, [DatasetInput(dataset, [context])])
        self.keep(run_id, files or {})
        self.client.set_terminated(run_id, "FINISHED", end_time=end)
        return run_id

    def keep(self, run_id: str, files: Files) -> None:
        """Keep files with a run, in place of older ones of the same names."""
        for folder, paths in files.items():
            for path in paths:
                self.client.log_artifact(run_id, str(path), folder)

    def retire(self) -> None:
        """Mark the runs that are no longer among the results; they stay, to compare with.

        A run that MLflow's client made twice, because the first answer was lost, is deleted.
        """
        for run in self.client.search_runs([self.id], "attributes.status = 'RUNNING'"):
            if run.data.tags.get(KEY) in self.current:
                self.client.delete_run(run.info.run_id)
        for key, run in self.runs.items():
            past = key not in self.current and not key.startswith(FAILED)
            if past and run.data.tags.get(CURRENT) != "false":
                self.client.set_tag(run.info.run_id, CURRENT, "false")

    def fail(self, name: str, end: int, tags: Mapping[str, str], tail: str) -> None:
        """Record a FAILED run with the tail of its log, in place of an earlier one of the name."""
        key = FAILED + name
        self._delete([key])
        tags = {**tags, KEY: key}
        run = self.client.create_run(self.id, end, tags, run_name=f"failed: {name}")
        self.client.log_text(run.info.run_id, tail, "log_tail.txt")
        self.client.set_terminated(run.info.run_id, "FAILED", end_time=end)

    def clear_failures(self, standing: set[str]) -> None:
        """Delete the FAILED runs of jobs but those of the names that still stand."""
        names = {FAILED + name for name in standing}
        self._delete([key for key in self.runs if key.startswith(FAILED) and key not in names])

    def _delete(self, keys: Iterable[str]) -> None:
        """Delete runs where they are; MLflow keeps the deleted."""
        for key in keys:
            if key in self.runs:
                self.client.delete_run(self.runs[key].info.run_id)
