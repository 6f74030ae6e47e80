"""Results deleted, truncated or touched, one by one: the right jobs run again."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

import pytest
from small_project import SmallProject
from tests_support import soak

pytestmark = pytest.mark.pipeline

END = {"seal the manifest", "track every run into MLflow", "build the report"}
JUDGED = {"judge the claims"} | END
PUBLISHED = {"publish the listings' numbers"}
RUN = "results/runs/linear_regression"
LINE = {"draw linear_regression"} | JUDGED
# What a loss or a spoilt byte makes run again: the maker, and whoever reads what it made.
FILES = {
    f"{RUN}/published/scalars.csv": {"run linear_regression/published"} | LINE | PUBLISHED,
    f"{RUN}/larger_rate/curves.csv": {"run linear_regression/larger_rate"} | LINE,
    f"{RUN}/larger_rate/arrays.npz": {"run linear_regression/larger_rate"} | LINE,
    "results/provenance/linear_regression/larger_rate.json": (
        {"run linear_regression/larger_rate"} | LINE
    ),
    "results/figures/perceptron.svg": {"draw perceptron"} | END,
    "results/figures/perceptron.csv": {"draw perceptron"} | END,
    "results/figures/perceptron.txt": {"draw perceptron"} | END,
    "results/claims.json": JUDGED,
    "results/published.json": PUBLISHED | {"seal the manifest", "build the report"},
    "results/manifest.sha256": {"seal the manifest"},
    "results/mlflow/runs.json": {"track every run into MLflow", "build the report"},
    "results/mlflow/mlflow.db": {"track every run into MLflow", "build the report"},
    "results/report/index.html": {"build the report"},
}


def delete(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    """Change one byte and nothing else."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def planned(project: SmallProject) -> set[str]:
    """Return the messages of the jobs that a build would run now."""
    status, said = project.build("--dry-run")
    assert status == 0, said
    return set(re.findall(r"^Job \d+: (.+)$", said, re.M)) - {"everything is there"}


def test_a_truncated_result_is_made_again_before_anybody_reads_it(built, whole):
    path = built.folder / RUN / "larger_rate/scalars.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))  # a seed less
    status, said = built.build()
    assert status == 0, said
    assert f"relearn: {RUN}/larger_rate/scalars.csv: is not what its job wrote; it is made" in said
    assert path.with_name("scalars.csv.altered").exists()
    assert built.manifest() == whole.manifest()
    assert built.tracked() == whole.tracked()


def test_a_result_altered_while_another_snakemake_is_there_is_not_sealed(built, whole):
    """Then the planning touches nothing, since a build might be at work on the file."""
    (built.folder / "results/manifest.sha256").unlink()
    path = built.folder / RUN / "larger_rate/scalars.csv"
    numbers = path.read_text().rstrip("\n")
    path.write_text(f"{numbers[:-1]}{(int(numbers[-1]) + 1) % 10}\n")
    with open(built.folder / ".snakemake/relearn/present") as present:
        fcntl.flock(present, fcntl.LOCK_SH)
        status, said = built.build()
    assert status == 1
    assert f"relearn: seal: {RUN}/larger_rate/scalars.csv: is not what its job wrote;" in said
    status, said = built.build()
    assert status == 0, said
    assert built.manifest() == whole.manifest()


@soak
@pytest.mark.parametrize("spoil", [delete, truncate, overwrite])
def test_what_is_lost_or_spoilt_is_made_again_with_all_that_rests_on_it(built, spoil):
    for name, jobs in FILES.items():
        if name.endswith("mlflow.db") and spoil is not delete:
            continue  # tests/faults/test_store.py has these
        path = built.folder / name
        index = built.folder / "results/mlflow/runs.json"
        kept, kept_index = path.read_bytes(), index.read_bytes()
        times, index_times = path.stat(), index.stat()
        spoil(path)
        assert planned(built) == jobs, name
        path.write_bytes(kept)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        index.write_bytes(kept_index)  # planning removes it with its store
        os.utime(index, ns=(index_times.st_atime_ns, index_times.st_mtime_ns))
    assert planned(built) == set()


@soak
def test_a_touched_result_is_the_same_result(built):
    for name in FILES:
        (built.folder / name).touch()
    status, said = built.build()
    assert status == 0, said
    assert not re.findall(r"^Job \d+: (run|draw|judge|publish)", said, re.M)
