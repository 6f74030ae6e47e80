"""SIGTERM, Ctrl-C and two builds at once: the right status, the right words, nothing lost."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from small_project import SmallProject, ended, kill
from tests_support import soak

pytestmark = pytest.mark.pipeline

DRAWN = '    panel = figure.panel("Nearest mean image")\n'
MODULE = "src/relearn/experiments/bright_rows.py"


def slow(project: SmallProject, seconds: int = 60) -> None:
    """Let the drawing of bright_rows, which is to be done anew, take its time."""
    project.edit(MODULE, DRAWN, f"{DRAWN}    __import__('time').sleep({seconds})\n")


def quick(project: SmallProject, seconds: int = 60) -> None:
    """Undo `slow`."""
    project.edit(MODULE, f"    __import__('time').sleep({seconds})\n", "")


def test_ctrl_c_ends_the_jobs_too_and_is_no_failure(built, whole):
    slow(built)
    build = built.start()
    job = build.job("draw/bright_rows")
    os.killpg(build.process.pid, signal.SIGINT)
    status, said = build.end()
    assert status == 1
    assert "Terminating processes on user request" in said
    assert "Traceback" not in said
    assert ended(job)
    assert list((built.folder / "results/failures").iterdir()) == []
    quick(built)
    assert built.build()[0] == 0
    assert built.manifest() == whole.manifest()


def test_sigterm_lets_the_running_jobs_end_and_starts_no_other(built, whole):
    slow(built, seconds=2)
    build = built.start()
    build.job("draw/bright_rows")
    build.process.terminate()
    status, said = build.end()
    assert status == 1
    assert "Will exit after finishing currently running jobs" in said
    assert "Finished jobid" in said and "seal the manifest" not in said
    assert built.build()[0] == 0
    assert built.manifest() == whole.manifest()


def test_a_second_build_in_one_folder_is_refused_and_does_the_first_no_harm(built, whole):
    slow(built, seconds=20)
    first = built.start()
    first.job("draw/bright_rows")
    status, said = built.build()
    assert status == 1 and "Directory cannot be locked" in said
    assert built.build("--unlock")[0] == 0  # as Snakemake advises
    status, said = built.build()
    assert status == 1
    assert "relearn: " in said and "another build is at work here; wait until it has ended" in said
    assert "Traceback" not in said
    status, said = first.end()
    assert status == 0, said
    assert built.manifest() == whole.manifest()


def test_a_build_waits_for_what_a_killed_one_writes_of_a_failure(built, whole):
    built.edit(MODULE, DRAWN, f"{DRAWN}    raise RuntimeError('deliberate')\n")
    script, tracking = "workflow/scripts/after_failure.py", "try:\n    tracking.track_failures("
    built.edit(script, tracking, f"Path('here').touch(); __import__('time').sleep(9)\n{tracking}")
    build = built.start()
    while not (built.folder / "here").exists():
        assert build.process.poll() is None, build.said()
    kill(build.process.pid)
    build.process.wait()
    built.edit(MODULE, "    raise RuntimeError('deliberate')\n", "")
    status, said = built.build()
    assert status == 0, said
    assert "relearn: waiting for jobs that a killed build left" in said
    assert built.manifest() == whole.manifest()
    assert built.tracked() == whole.tracked()
    assert "deliberate" not in built.page()


@soak
def test_two_builds_that_share_their_data_at_once_both_end_well(bare, whole, tmp_path):
    other = SmallProject(tmp_path / "other/relearn")
    shutil.copytree(bare.folder, other.folder)
    for project in (bare, other):
        (project.folder / "data").symlink_to(tmp_path / "data")
    (tmp_path / "data").mkdir()
    builds = [bare.start(), other.start()]
    for build in builds:
        status, said = build.end()
        assert status == 0, said
    assert bare.manifest() == other.manifest() == whole.manifest()
