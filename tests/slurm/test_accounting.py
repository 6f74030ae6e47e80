"""Slurm with accounting: the profile asks sacct, and the account is the user's to name."""

from __future__ import annotations

import pytest
from accounting import ACCOUNT, AccountedCluster
from slurm_project import RUNS, require_the_same
from tests_support import long

pytestmark = [pytest.mark.pipeline, long("slurm-test")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Slurm with accounts."""
    found = AccountedCluster(tmp_path_factory.mktemp("accounted") / "cluster")
    try:
        yield found
    finally:
        found.stop()


def test_jobs_are_charged_to_the_account_that_is_named(project, whole):
    status, said = project.build("--default-resources", f"slurm_account={ACCOUNT}")
    assert status == 0, said
    require_the_same(project, whole)
    lines = project.cluster.call("sacct", "-X", "-n", "-P", "-o", "Account,State").splitlines()
    assert set(lines) == {f"{ACCOUNT}|COMPLETED"} and len(lines) == RUNS
    assert "'squeue' should work reliably" in said  # what the executor says when it asks sacct


def test_an_account_that_is_not_there_is_said(project):
    status, said = project.build("--default-resources", "slurm_account=nobody")
    assert status == 1
    assert "nobody" in said and "Traceback" not in said
