"""Jobs are forked of one process, and come to the same bytes where they are not."""

from __future__ import annotations

import sys

import pytest

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start themselves"),
]
MODULE = "src/relearn/experiments/linear_regression.py"
PARENT = "open(f\"/proc/{__import__('os').getppid()}/cmdline\").read()"
NO_SERVER = "--no-hooks"  # without the Snakefile's onstart


@pytest.mark.parametrize(("options", "forked"), [([], True), ([NO_SERVER], False)])
def test_a_job_is_forked_where_there_is_a_server(project, options, forked):
    project.edit(
        MODULE,
        "    if params.listing_seed",
        f"    raise OSError({PARENT})\n    if params.listing_seed",
    )
    target = "results/runs/linear_regression/published/scalars.csv"
    answer = project.snakemake(*options, "--", target)
    (line,) = [each for each in answer.stdout.splitlines() if each.startswith("relearn: run/")]
    assert ("forkserver/server.py" in line) == forked


def test_a_job_that_starts_by_itself_comes_to_the_same_bytes(project):
    """With NumPy, scikit-learn, PyTorch and Matplotlib."""
    before = project.results()
    names = ("linear_regression", "ridge_regression", "xor_and_circles")
    figures = [f"results/figures/{name}.svg" for name in names]
    answer = project.snakemake(NO_SERVER, "--forcerun", "run", "draw", "--", *figures)
    assert answer.returncode == 0
    assert answer.stdout.count("Job ") > 9
    assert project.snakemake().returncode == 0
    assert project.results() == before
