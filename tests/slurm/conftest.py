"""A Slurm on this machine, and the small project to be built through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cluster import Cluster
from faults.conftest import whole  # noqa: F401
from slurm_project import PLUGIN, TROUBLE, SlurmProject
from small_project import write


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    """Slurm, with all of its nodes idle at first."""
    found = Cluster(tmp_path_factory.mktemp("slurm") / "cluster")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def project(cluster, tmp_path) -> Iterator[SlurmProject]:
    """The small project, not built yet."""
    assert PLUGIN.exists(), f"{PLUGIN} is missing: make .venv/slurm"
    made = SlurmProject(write(tmp_path / "relearn"), cluster)
    module = "src/relearn/experiments/bright_rows.py"
    made.edit(module, "\n\ndef run(params", f"{TROUBLE}def run(params")
    made.edit(module, "    test = inputs", "    _meet_trouble()\n    test = inputs")
    yield made
    made.end()
