"""What goes wrong on a cluster, one thing at a time, in a real Slurm: nothing is lost by it."""

from __future__ import annotations

import os
import time

import pytest
from slurm_project import RUNS, require_the_same, until
from small_project import kill
from tests_support import long

pytestmark = [pytest.mark.pipeline, long("slurm-test")]


def require_whole(project, whole, build) -> None:
    """Fail unless a build ended well, with the bytes and the runs of one that met no trouble."""
    status, said = build.end()
    assert status == 0, said
    require_the_same(project, whole)


def megabytes(text: str) -> float:
    """Read Slurm's way to write memory."""
    return float(text[:-1]) * {"M": 1, "G": 1024}[text[-1]]


def test_a_run_over_its_memory_is_tried_again_with_twice_as_much(project, whole):
    project.trouble("hoard")
    build = project.start()
    killed = project.met(build)
    require_whole(project, whole, build)
    assert project.cluster.jobs()[killed]["JobState"] in {"FAILED", "OUT_OF_MEMORY"}
    first, again = (
        project.cluster.jobs()[job]["MinMemoryNode"] for job in (killed, project.last())
    )
    assert megabytes(again) == 2 * megabytes(first)


def test_a_run_over_its_time_is_tried_again_with_twice_as_much(project, whole):
    project.trouble("stall")
    build = project.start()
    killed = project.met(build)
    require_whole(project, whole, build)
    assert project.cluster.jobs()[killed]["JobState"] == "TIMEOUT"
    assert project.cluster.jobs()[killed]["TimeLimit"] == "00:01:00"
    assert project.cluster.jobs()[project.last()]["TimeLimit"] == "00:02:00"


def test_a_cancelled_job_is_submitted_again(project, whole):
    project.trouble("stall")
    build = project.start()
    killed = project.met(build)
    project.cluster.call("scancel", killed)
    require_whole(project, whole, build)
    assert project.cluster.jobs()[killed]["JobState"] == "CANCELLED"


def test_a_preempted_job_is_queued_again_by_slurm_and_by_nobody_else(project, whole):
    project.trouble("stall")
    build = project.start()
    taken = project.met(build)
    both = ("sbatch", "--parsable", "-p", "high", "-o", "/dev/null", "--exclusive")
    urgent = [project.cluster.call(*both, "--wrap", "sleep 2") for _ in range(2)]
    require_whole(project, whole, build)
    jobs = project.cluster.jobs()
    assert {jobs[each]["JobState"] for each in urgent} == {"COMPLETED"}
    assert jobs[taken]["JobState"] == "COMPLETED" and jobs[taken]["Restarts"] == "1"
    assert len(project.submitted()) == RUNS


def test_a_drained_node_ends_what_it_runs_and_is_given_nothing_else(project, whole):
    project.trouble("hold")
    build = project.start()
    held = project.met(build)
    node = project.cluster.jobs()[held]["NodeList"]
    project.cluster.call("scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=test")
    drained = time.time()
    project.go()
    try:
        require_whole(project, whole, build)
        assert project.cluster.states()[node] == "drain"
    finally:
        project.cluster.call("scontrol", "update", f"NodeName={node}", "State=RESUME")
    began = {
        job["NodeList"]
        for job in project.submitted()
        if time.mktime(time.strptime(job["StartTime"], "%Y-%m-%dT%H:%M:%S")) > drained + 1
    }
    assert node not in began


def test_what_a_dead_node_ran_is_queued_again_by_slurm(project, whole):
    project.trouble("stall")
    build = project.start()
    lost = project.met(build)
    node = project.cluster.jobs()[lost]["NodeList"]
    project.cluster.kill(node)
    until(lambda: project.cluster.states()[node].startswith("down"))
    try:
        require_whole(project, whole, build)
        assert project.cluster.jobs()[lost]["Restarts"] == "1"
    finally:
        project.cluster.start(node)
        until(lambda: project.cluster.states()[node] == "idle")


def test_slurm_itself_may_be_away_for_a_while(project, whole):
    project.trouble("hold")
    build = project.start()
    project.met(build)
    project.cluster.kill("slurmctld")
    time.sleep(10)
    project.go()
    time.sleep(10)
    project.cluster.start("slurmctld")
    require_whole(project, whole, build)


def test_a_killed_controller_is_started_again_by_the_plain_command(project, whole):
    project.trouble("stall")
    build = project.start()
    left = project.met(build)
    kill(build.process.pid)
    build.process.wait()
    assert project.cluster.jobs()[left]["JobState"] == "RUNNING"
    require_whole(project, whole, project.start())
    assert project.cluster.jobs()[left]["JobState"] == "CANCELLED"
    assert os.listdir(project.folder / "results/failures") == []


def test_ctrl_c_cancels_the_jobs(project, whole):
    project.trouble("stall")
    build = project.start()
    left = project.met(build)
    build.process.send_signal(2)
    status, said = build.end()
    assert status == 1 and "Traceback" not in said
    until(lambda: project.cluster.jobs()[left]["JobState"] == "CANCELLED")
    require_whole(project, whole, project.start())


def test_a_run_that_fails_twice_is_said_and_the_rest_is_built(project):
    project.edit(
        "src/relearn/experiments/bright_rows.py",
        "raise ValueError",
        "told.write_text(what); raise ValueError",
    )
    project.trouble("raise")
    status, said = project.build()
    assert status == 1
    (line,) = [line for line in said.splitlines() if line.startswith("relearn: failed: ")]
    assert "run/bright_rows/" in line
    assert "ValueError: trouble of a test (log: results/logs/run/bright_rows/" in line
    assert "Finished jobid" in said and (project.folder / "results/report/index.html").exists()
