"""Smoke scale and a sweep of many tiny runs through Slurm; what it took is kept in results."""

from __future__ import annotations

import json
import os
import re
import shutil
import time

import pandas as pd
import pytest
import yaml
from slurm_project import SlurmProject, seconds
from small_project import SmallProject
from tests_support import ROOT, config, long

from benchmarks.project import copy

pytestmark = [pytest.mark.pipeline, long("slurm-test")]

KEPT = ROOT / "results/slurm"
RUNS = int(os.environ.get("RUNS", "1000"))
SMOKE = ("--configfile", "config/smoke.yaml")


def test_the_smoke_pipeline_comes_to_the_manifest_of_a_local_build(cluster, tmp_path):
    local, there = SmallProject(tmp_path / "local"), SlurmProject(tmp_path / "slurm", cluster)
    for project in (local, there):
        copy(project.folder)
        if (ROOT / "data").exists():  # spares the network: the digests are checked all the same
            shutil.copytree(ROOT / "data", project.folder / "data")
    start = time.monotonic()
    status, said = there.build("--group-components", "short=20", *SMOKE)
    took = time.monotonic() - start
    assert status == 0, said
    start = time.monotonic()
    status, said = local.build(*SMOKE)
    took_here = time.monotonic() - start
    assert status == 0, said
    jobs = pd.DataFrame(there.submitted())
    KEPT.mkdir(parents=True, exist_ok=True)
    for name in ("manifest.sha256", "claims.json"):
        shutil.copy(there.folder / "results" / name, KEPT)
    columns = ["JobId", "Comment", "JobState", "NodeList", "RunTime", "MinMemoryNode", "TimeLimit"]
    jobs[columns].to_csv(KEPT / "jobs.csv", index=False)
    summary = {"jobs": len(jobs), "seconds": round(took, 1), "seconds_local": round(took_here, 1)}
    (KEPT / "smoke.json").write_text(json.dumps(summary, indent=2) + "\n")
    assert set(jobs["JobState"]) == {"COMPLETED"}
    assert there.manifest() == local.manifest()


def test_a_sweep_of_many_tiny_runs(cluster, tmp_path):
    project = SlurmProject(copy(tmp_path / "sweep"), cluster)
    block = config("smoke")["experiments"]["perceptron"] | {
        "seeds": 2,
        "margins": [0.2],
        "passes": 100,
        "record_passes": 5,
        "variants": {
            f"p{i}": {"samples": 10 + i // 10, "features": 2 + i % 10} for i in range(RUNS)
        },
    }
    sweep = config("smoke") | {"experiments": {"perceptron": block}}
    (project.folder / "config/config.yaml").write_text(yaml.safe_dump(sweep, sort_keys=False))
    a_job = max(20, RUNS // 40)
    start = time.monotonic()
    status, said = project.build("--group-components", f"short={a_job}", "--", "runs")
    took = time.monotonic() - start
    assert status == 0, said[-3000:]
    jobs = project.submitted()
    usage = [json.loads(path.read_text()) for path in project.folder.glob("results/usage/run.*")]
    computed = sum(each["seconds"] for each in usage)
    occupied = sum(seconds(job["RunTime"]) for job in jobs)
    summary = {
        "runs": len(usage),
        "jobs": len(jobs),
        "runs_a_job": a_job,
        "seconds": round(took, 1),
        "seconds_that_jobs_ran": occupied,
        "seconds_that_runs_computed": round(computed, 1),
        "overhead_a_run": round((occupied - computed) / RUNS, 3),
        "overhead_a_job": round((occupied - computed) / len(jobs), 1),
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"sweep-{RUNS}.json").write_text(json.dumps(summary, indent=2) + "\n")
    assert len(usage) == RUNS
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    assert len(list(project.folder.glob("results/runs/perceptron/*/scalars.csv"))) == RUNS
    assert re.search(rf"{RUNS + 1} of {RUNS + 1} steps \(100%\) done", said)
