"""A disk that is full or may not be written to: one line, and the same command goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from disks import fill, mounted, read_only
from small_project import SmallProject, copied
from tests_support import soak

pytestmark = pytest.mark.pipeline

LOST = {  # a rule to what is to be made again, and the job that the message names
    "run": ("results/runs/bright_rows/few", "run/bright_rows/few"),
    "track": ("results/mlflow", "track"),
    "fetch": ("data/small", "fetch/small"),  # raw alone is not missed: nothing waits for it
    "normalise": ("data/small/normalisation.json", "normalise/small"),
    "draw": ("results/figures/bright_rows.svg", "draw/bright_rows"),
    "judge": ("results/claims.json", "judge"),
    "publish": ("results/published.json", "publish"),
    "seal": ("results/manifest.sha256", "seal"),
    "build_report": ("results/report", "build_report"),
}
RULES = ["run", *(pytest.param(rule, marks=soak) for rule in LOST if rule != "run")]


@pytest.fixture
def small_disk(whole, tmp_path) -> Iterator[SmallProject]:
    """A copy of the built project on a disk of 64 MB; what Snakemake notes is not on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted("-t", "tmpfs", "-o", "size=64m", "none", str(disk)):
        project = copied(whole, disk / "relearn")
        shutil.move(project.folder / ".snakemake", tmp_path / "notes")
        (project.folder / ".snakemake").symlink_to(tmp_path / "notes")
        yield project


def lose(path: Path) -> None:
    """Remove a file, or a folder with all that is in it."""
    subprocess.run(["rm", "-r", str(path)], check=True)


@pytest.mark.parametrize("rule", RULES)
def test_a_full_disk_is_one_line_and_costs_no_result(rule, small_disk, whole):
    path, job = LOST[rule]
    lose(small_disk.folder / path)
    lose(small_disk.folder / "results/logs")  # else their room would do for small files
    filler = fill(small_disk.folder)
    status, said = small_disk.build()
    assert status == 1, said
    (line,) = [each for each in said.splitlines() if each.startswith(f"relearn: {job}: ")]
    assert "No space left on device" in line or "disk is full" in line
    assert "Traceback" not in said
    filler.unlink()
    status, said = small_disk.build()
    assert status == 0, said
    assert small_disk.manifest() == whole.manifest()
    assert small_disk.tracked() == whole.tracked()


@soak
def test_a_disk_that_is_full_for_snakemake_too_costs_no_result(small_disk, whole):
    notes = small_disk.folder / ".snakemake"
    subprocess.run(["cp", "-rL", notes, small_disk.folder / "notes"], check=True)
    notes.unlink()
    (small_disk.folder / "notes").rename(notes)
    lose(small_disk.folder / "results/runs/bright_rows")
    filler = fill(small_disk.folder)
    status, said = small_disk.build()
    assert status == 1
    assert "No space left on device" in said
    filler.unlink()
    status, said = small_disk.build()
    assert status == 0, said
    assert small_disk.manifest() == whole.manifest()


@soak
def test_results_that_may_not_be_written_are_said_so_and_stay(built):
    lose(built.folder / "results/figures/bright_rows.svg")
    before = built.manifest()
    with read_only(built.folder / "results"):
        status, said = built.build()
    assert status == 1
    assert "Write-protected output files for rule" in said and "results/" in said
    assert "Traceback" not in said
    assert built.manifest() == before
    assert built.build()[0] == 0


@soak
def test_data_that_may_only_be_read_are_enough(built, whole):
    lose(built.folder / "results/runs/bright_rows")
    with read_only(built.folder / "data"):
        status, said = built.build()
    assert status == 0, said
    assert built.manifest() == whole.manifest()


@soak
def test_missing_data_that_may_not_be_written_are_said_so(built):
    lose(built.folder / "data/small")
    with read_only(built.folder / "data"):
        status, said = built.build()
    assert status == 1
    assert "Read-only file system: 'data/small" in said
    assert built.build()[0] == 0


@soak
def test_a_home_that_may_not_be_written_to_is_not_missed(built, whole, tmp_path):
    lose(built.folder / "results/runs/bright_rows")
    lose(built.folder / "results/mlflow")
    home = {"HOME": str(tmp_path / "home")}
    show = ["make", "--silent", "--eval", "show:\n\t@echo $$XDG_CACHE_HOME", "show"]
    with read_only(tmp_path / "home"):
        own = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
        made = subprocess.check_output(show, cwd=built.folder, env=own | home, text=True)
        assert made == f"{built.folder}/.snakemake/cache\n"
        status, said = built.build(**home, XDG_CACHE_HOME=made.strip())
    assert status == 0, said
    assert built.manifest() == whole.manifest()
    assert built.tracked() == whole.tracked()
