"""A project of three experiments that builds in seconds, and the processes of a build."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psutil
import yaml
from mlflow import MlflowClient
from tests_support import Project, config, write_images

from benchmarks.project import SNAKEMAKE, copy, environment
from relearn.takeover import BUILD

KEPT = ("perceptron", "linear_regression")
BRIGHT_ROWS = '''"""Whether the mean image of a label tells it."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.runs.record import Records, per_seed

SEED_RUNS = False


class Params(Parameters):
    """The images."""

    dataset: str = Field(description="the images' data set")
    train_samples: int = Field(ge=10, description="images a seed")


def run(params, seeds, inputs):
    """Classify by the nearest mean image."""
    test = inputs.standardise(inputs.test_images)
    accuracy = []
    for seed in seeds:
        chosen = seed.generator("images").permutation(len(inputs.train_images))
        chosen = chosen[: params.train_samples]
        train = inputs.standardise(inputs.train_images[chosen])
        labels = inputs.train_labels[chosen]
        means = np.stack([train[labels == label].mean(axis=0) for label in range(10)])
        nearest = ((test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
        accuracy.append((nearest == inputs.test_labels).mean() * 100)
    return Records(per_seed({"test_accuracy": np.array(accuracy)}))


def judge(results):
    """Return how far each seed is from guessing."""
    return {"11a": {"above_chance": results["many"].scalars["test_accuracy"].to_numpy() - 10}}


def draw(results):
    """Draw both accuracies."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=1)
    panel = figure.panel("Nearest mean image")
    panel.intervals({name: each.scalars["test_accuracy"] for name, each in results.items()})
    panel.axes("test accuracy, %", "")
    return figure
'''
BLOCK = {
    "seeds": 4,
    "dataset": "small",
    "train_samples": 200,
    "variants": {"few": {}, "many": {"train_samples": 400}},
    "claims": {
        "11a": {
            "section": "11",
            "claim": "The mean image of a label tells it.",
            "kind": "mean",
            "effect": "test accuracy minus that of guessing",
            "unit": "percentage points",
            "threshold": 10.0,
            "reason": "Twice what guessing gives.",
        }
    },
}
PROSE = """# Bright rows

## Result

The mean image gives {{ value("many", "test_accuracy") | ci(1) }} %.

Figure: Both accuracies.

Why 11a (supported): The label is a bright row.
"""


def write(folder: Path) -> Path:
    """Write the small project into `folder`: all of the code, three experiments, 600 images."""
    copy(folder)
    pins = write_images(folder / "mine")
    for key, pin in pins.items():
        (folder / f"mine/{key}.idx").rename(folder / "mine" / pin["name"])
    source = {"kind": "folder", "path": "mine"}
    experiments = config("smoke")["experiments"]
    small = config("smoke") | {
        "datasets": {"small": {"files": pins, "sources": [source]}},
        "experiments": {name: experiments[name] | {"seeds": 2} for name in KEPT},
    }
    small["experiments"]["bright_rows"] = BLOCK
    (folder / "config/config.yaml").write_text(yaml.safe_dump(small, sort_keys=False))
    (folder / "config/smoke.yaml").write_text("scale: smoke\n")
    (folder / "src/relearn/experiments/bright_rows.py").write_text(BRIGHT_ROWS)
    (folder / "src/relearn/report/prose/en/bright_rows.md").write_text(PROSE)
    return folder


class Build:
    """A build under way, in a process group of its own, as a terminal starts it."""

    def __init__(
        self, folder: Path, arguments: tuple[str, ...], more: Mapping[str, str], *paths: Path
    ):
        # A file, not a pipe: jobs that outlive the build would hold the pipe open.
        self._said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [SNAKEMAKE, *arguments],
            cwd=folder,
            env=environment(PYTHONPATH=os.pathsep.join(map(str, (folder / "src", *paths))), **more),
            stdout=self._said,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        self.folder = folder

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the status and what was said."""
        status = self.process.wait(timeout=900)
        return status, self.said()

    def said(self) -> str:
        """Return what was said so far."""
        return os.pread(self._said.fileno(), 1 << 20, 0).decode()

    def job(self, name: str) -> int:
        """Wait until a job is at work; return its process. `name` may be that of its rule."""
        while self.process.poll() is None:
            for found, process in jobs(self.folder):
                if found == name or found.startswith(f"{name}/"):
                    return process
            time.sleep(0.01)
        raise AssertionError(f"{name} never ran: {self.said()}")


class SmallProject(Project):
    """The small project, whose builds can be watched and hurt while they run."""

    def start(self, *arguments: str, **more: str) -> Build:
        """Start a build by the plain command."""
        return Build(self.folder, ("--cores", "2", *arguments), more)

    def build(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Build by the plain command; return the status and what was said."""
        return self.start(*arguments, **more).end()

    def manifest(self) -> str:
        """Return the manifest's lines."""
        return (self.folder / "results/manifest.sha256").read_text()

    def page(self) -> str:
        """Return the report."""
        return (self.folder / "results/report/index.html").read_text()

    def tracked(self, uri: str | None = None) -> list[tuple[str, str]]:
        """Return key and status of every active run that MLflow has, sorted."""
        client = MlflowClient(uri or f"sqlite:///{self.folder}/results/mlflow/mlflow.db")
        ids = [found.experiment_id for found in client.search_experiments()]
        runs = client.search_runs(ids, max_results=5000)
        return sorted((run.data.tags["relearn.key"], run.info.status) for run in runs)


def copied(built: SmallProject, folder: Path) -> SmallProject:
    """Copy a built project into `folder`, as if it had been built there."""
    shutil.copytree(built.folder, folder)
    (folder / "results/mlflow/made-in").write_text(f"{folder}/results/mlflow")
    with closing(sqlite3.connect(folder / "results/mlflow/mlflow.db")) as store, store:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            moved = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
            store.execute(moved, (str(built.folder), str(folder)))
    return SmallProject(folder)


def jobs(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the jobs of the latest build: their logs' names without the suffix, their processes."""
    for name, process in at_work(folder):
        with contextlib.suppress(OSError, psutil.Error):  # it has ended
            build = psutil.Process(process).environ().get(BUILD)
            if build == (folder / ".snakemake/relearn/jobs").read_text():
                yield name, process


def at_work(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield all jobs at work in a folder, whoever started them, as `jobs` does."""
    for process in psutil.pids():
        with contextlib.suppress(OSError):  # it has ended, or has no standard output
            log = Path(os.readlink(f"/proc/{process}/fd/1"))
            if log.is_relative_to(folder / "results/logs"):
                yield str(log.relative_to(folder / "results/logs").with_suffix("")), process


def kill(process: int) -> None:
    """Send SIGKILL, if there is anybody left to receive it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def ended(process: int) -> bool:
    """Tell whether a process has ended, though its parent may not have asked how."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
