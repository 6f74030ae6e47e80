"""A copy of the built project for each test to change."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from tests_support import Project


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
