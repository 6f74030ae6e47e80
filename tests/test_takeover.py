"""A build after one that was killed, by real processes and real locks."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest
from tests_support import fresh_python

from relearn.takeover import BUILD

FOLDER = (
    "import os, sys; from pathlib import Path; from relearn import takeover\n"
    "folder = Path(sys.argv[1])\n"
)
ARRIVE = FOLDER + "takeover.arrive(folder=folder)\n"
BEGIN = FOLDER + "takeover.begin(folder)\n"
WORK = FOLDER + "os.environ[takeover.BUILD] = sys.argv[2]\ntakeover.work(folder)\n"
STAY = "print('here', flush=True); sys.stdin.read()"


@contextmanager
def living(code, *arguments):
    """A process that has run the code and stays until it is killed."""
    command = [sys.executable, "-c", code + STAY, *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "here\n"
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.input.lock").write_text("data/x\n")
    return tmp_path


def locks(folder):
    return [path.name for path in (folder / "locks").iterdir()]


def test_locks_that_a_killed_build_left_are_removed(folder):
    with living(ARRIVE, folder):
        assert locks(folder) == []


def test_locks_of_a_living_build_stay(folder):
    (folder / "locks/0.input.lock").rename(folder / "aside")
    with living(ARRIVE, folder):
        (folder / "aside").rename(folder / "locks/0.input.lock")
        said = fresh_python("import sys; sys.stderr = sys.stdout\n" + ARRIVE, folder)
        assert said == "relearn: another Snakemake is at work in this folder"
        assert locks(folder) == ["0.input.lock"]
    fresh_python(ARRIVE, folder)  # killed by now
    assert locks(folder) == []


def test_where_the_file_system_knows_no_locks_a_build_goes_on(folder):
    no_locks = "import fcntl, errno\ndef flock(*_): raise OSError(errno.ENOLCK, 'no locks')\n"
    no_locks += "fcntl.flock = flock\n"
    fresh_python(no_locks + ARRIVE + "takeover.begin(folder)", folder)
    assert locks(folder) == ["0.input.lock"]


def test_a_second_build_is_refused(tmp_path):
    with living(BEGIN, tmp_path):
        with pytest.raises(subprocess.CalledProcessError) as error:
            fresh_python(BEGIN, tmp_path)
        assert "RelearnError: " in error.value.stderr
        assert "another build is at work here; wait until it has ended" in error.value.stderr
    fresh_python(BEGIN, tmp_path)


def test_a_build_waits_for_the_jobs_of_a_killed_one(tmp_path):
    fresh_python(BEGIN, tmp_path)
    earlier = (tmp_path / "relearn/jobs").read_text()
    with living(WORK, tmp_path, earlier) as job:
        command = [sys.executable, "-c", BEGIN, str(tmp_path)]
        build = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert build.stderr.readline() == "relearn: waiting for jobs that a killed build left\n"
        assert build.poll() is None
        job.kill()
        assert build.wait(30) == 0
        build.stderr.close()
    assert (tmp_path / "relearn/jobs").read_text() != earlier


def test_a_job_that_comes_too_late_does_nothing(tmp_path):
    fresh_python(BEGIN, tmp_path)
    earlier = (tmp_path / "relearn/jobs").read_text()
    fresh_python(BEGIN, tmp_path)
    with pytest.raises(subprocess.CalledProcessError) as error:
        fresh_python(WORK, tmp_path, earlier)
    assert "the build that started this job was killed" in error.value.stderr


def test_jobs_of_one_build_work_side_by_side(tmp_path):
    fresh_python(BEGIN, tmp_path)
    name = (tmp_path / "relearn/jobs").read_text()
    with living(WORK, tmp_path, name):
        fresh_python(WORK, tmp_path, name)


def test_a_job_without_a_build_asks_nobody(tmp_path, monkeypatch):
    monkeypatch.delenv(BUILD, raising=False)
    code = FOLDER + "takeover.work(folder); print('works')"
    assert fresh_python(code, tmp_path) == "works"
    assert list(tmp_path.iterdir()) == []
