"""What a killed build left in Slurm is cancelled, and nothing else; tests/slurm has a real one."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest

from relearn import slurm
from relearn.errors import RelearnError

QUEUE = """\
7|relearn_0c1d|{folder}
8|relearn_0c1d|{folder}/below
9|another|{folder}
10_3|relearn_0c1d|{folder}
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder whose programs are found first; each is a line of sh."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def put(**lines: str) -> None:
        for name, line in lines.items():
            (folder / name).write_text(f"#!/bin/sh\n{line}\n")
            (folder / name).chmod(0o755)

    return put


def test_this_folders_jobs_are_cancelled_and_waited_for(tmp_path, programs, capsys):
    (tmp_path / "queue").write_text(QUEUE.format(folder=tmp_path))
    cancel = (
        f'echo "$@" > {tmp_path}/cancelled; grep -v "^7\\|^10" {tmp_path}/queue > {tmp_path}/left'
    )
    programs(
        squeue=f"cat {tmp_path}/queue", scancel=f"{cancel}; mv {tmp_path}/left {tmp_path}/queue"
    )
    slurm.cancel_left(tmp_path)
    assert (tmp_path / "cancelled").read_text() == "7 10_3\n"
    assert "cancelling 2 jobs that a killed build left" in capsys.readouterr().err
    slurm.cancel_left(tmp_path)
    assert capsys.readouterr().err == ""


def test_a_slurm_that_does_not_answer_is_said_in_one_line(tmp_path, programs):
    programs(squeue="echo 'Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(RelearnError, match="^squeue: Unable to contact slurm controller; see that"):
        slurm.cancel_left(tmp_path)


def test_where_there_is_no_slurm_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    slurm.cancel_left(tmp_path)


class Executor:
    """As Snakemake's, which is told by `wait` that the build ends."""

    wait = True

    def __init__(self):
        self.failed = []

    def run_job(self, job):
        try:
            raise ValueError("no such account")
        except ValueError:
            raise AttributeError("a batch has no rule")  # noqa: B904 as there

    def _report_job_error_threadsafe(self, job, reason):
        self.failed.append((job, reason))


def test_the_executor_asks_until_slurm_answers_and_says_what_it_refuses(monkeypatch):
    answers = [(None, None), (None, None), ({"7": "RUNNING"}, 0.1)]
    ages = [600, None, 300]

    async def ask(command, logger):
        return answers.pop(0)

    plugin = SimpleNamespace(
        Executor=Executor,
        SubmittedJobInfo=lambda job: job,
        query_job_status=ask,
        get_min_job_age=lambda: ages.pop(0),
    )
    monkeypatch.setitem(sys.modules, "snakemake_executor_plugin_slurm", plugin)
    monkeypatch.setattr(slurm, "PAUSE", 0.0)
    executor = Executor()
    slurm.mend(executor)
    assert asyncio.run(plugin.query_job_status("squeue", None)) == ({"7": "RUNNING"}, 0.1)
    assert [plugin.get_min_job_age() for _ in range(2)] == [600, 300]
    executor.run_job("a batch")
    assert executor.failed == [("a batch", "no such account")]
    answers[:] = [(None, None)]
    executor.wait = False
    assert asyncio.run(plugin.query_job_status("squeue", None)) == (None, None)
