"""The small project after one build that nothing was done to, and copies of it to hurt."""

from __future__ import annotations

import time

import pytest
from filelock import FileLock
from small_project import SmallProject, copied, write


@pytest.fixture(scope="session")
def whole(tmp_path_factory, worker_id) -> SmallProject:
    """The small project, built without a fault; read it, do not change it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    project, planned = SmallProject(shared / "small/relearn"), shared / "small/planned"
    with FileLock(shared / "small.lock"):
        if not planned.exists():
            write(project.folder)
            start = time.monotonic()
            assert project.build("--dry-run")[0] == 0
            seconds = time.monotonic() - start
            status, said = project.build()
            assert status == 0, said
            planned.write_text(str(seconds))
    project.planning = float(planned.read_text())
    return project


@pytest.fixture
def bare(tmp_path) -> SmallProject:
    """The small project, not built yet."""
    return SmallProject(write(tmp_path / "relearn"))


@pytest.fixture
def built(whole, tmp_path) -> SmallProject:
    """A copy of the small project, as if it had been built there."""
    return copied(whole, tmp_path / "relearn")
