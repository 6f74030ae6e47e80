"""A build through Slurm comes to the same bytes, in few jobs, and leaves the rest where it is."""

from __future__ import annotations

import pytest
from slurm_project import require_the_same

pytestmark = pytest.mark.pipeline


def test_the_small_project_comes_to_the_same_manifest(project, whole):
    status, said = project.build("--group-components", "short=4")
    assert status == 0, said
    require_the_same(project, whole)
    jobs = project.submitted()
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert len(jobs) == 2  # the runs, four a job; all else is done where the build was called
