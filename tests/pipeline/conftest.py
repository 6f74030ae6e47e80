"""A copy of the working tree in which the whole pipeline has run at smoke scale."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests_support import ROOT

from benchmarks.project import SNAKEMAKE, copy


class Project:
    """One copy of the project, run by Snakemake from the command line as a user would."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Snakemake at smoke scale; standard error is merged into `stdout`."""
        names = {"PYTHONPATH": str(self.folder / "src"), "PATH": os.environ["PATH"]}
        names |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "HOME"))}
        return subprocess.run(
            [SNAKEMAKE, "--configfile", "config/smoke.yaml", "--cores", "2", *arguments],
            cwd=self.folder,
            env=names | environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
        )

    def planned(self) -> set[str]:
        """Return the messages of the jobs that a build would run now."""
        answer = self.snakemake("--dry-run")
        assert answer.returncode == 0, answer.stdout
        targets = {"everything is there"}
        return set(re.findall(r"^Job \d+: (.+)$", answer.stdout, re.M)) - targets

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace one passage of a file; it must be there once."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def results(self) -> dict[str, bytes]:
        """Return the scientific results by path."""
        names = (self.folder / "results/manifest.sha256").read_text().splitlines()
        paths = [line.split("  ", 1)[1] for line in names]
        return {path: (self.folder / path).read_bytes() for path in paths}


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Project:
    """The project after one build; read it, do not change it."""
    folder = tmp_path_factory.mktemp("a folder with spaces") / "relearn"
    copy(folder)
    if (ROOT / "data").exists():  # spares the network: the digests are checked all the same
        shutil.copytree(ROOT / "data", folder / "data")
    project = Project(folder)
    answer = project.snakemake()
    assert answer.returncode == 0, answer.stdout
    project.output = answer.stdout
    return project


@pytest.fixture
def project(built, tmp_path) -> Project:
    """A copy of the built project that a test may change, as if it had been built there."""
    changed = Project(tmp_path / "relearn")
    shutil.copytree(built.folder, changed.folder)
    (changed.folder / "results/mlflow/made-in").write_text(f"{changed.folder}/results/mlflow")
    with closing(sqlite3.connect(changed.folder / "results/mlflow/mlflow.db")) as store, store:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            moved = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"
            store.execute(moved, (str(built.folder), str(changed.folder)))
    return changed
