"""What the benchmark of many runs makes is a project like this one, and it counts what it says."""

import json

import pytest
from mlflow import MlflowClient

from benchmarks import scaling
from benchmarks.scaling import Cost
from relearn.errors import RelearnError


def test_growth_compares_the_time_of_a_run():
    costs = {100: Cost(3.0, 90.0), 1000: Cost(5.0, 100.0), 10_000: Cost(60.0, 400.0)}
    entry = scaling.growth("plan", {runs: {"plan": cost} for runs, cost in costs.items()})
    assert entry["ratio"] == pytest.approx(1.2)  # 6 ms a run against 5
    assert entry["goal"] == "<= 1"
    assert entry["peak_mb"] == {100: 90.0, 1000: 100.0, 10_000: 400.0}


def test_megabytes_count_the_files_of_all_folders(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a").write_bytes(b"x" * 500_000)
    (tmp_path / "inner/b").write_bytes(b"x" * 1_000_000)
    assert scaling.megabytes(tmp_path) == 1.5


def test_a_step_has_the_peak_of_its_own_process(tmp_path, monkeypatch):
    eater = ["-c", "b'x' * 300_000_000"]
    monkeypatch.setattr(scaling, "STEPS", {"large": eater, "small": ["-c", "pass"]})
    assert scaling.cost(tmp_path, "large").peak_mb > 300
    assert scaling.cost(tmp_path, "small").peak_mb < 300


def test_a_step_that_fails_stops_the_benchmark_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "STEPS", {"run": ["-c", "raise SystemExit('no room')"]})
    with pytest.raises(RelearnError, match="^scaling, run: exit status 1: no room$"):
        scaling.cost(tmp_path, "run")


@pytest.mark.pipeline
def test_a_small_project_goes_through_every_step(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")  # is not to be used
    found = scaling.measured(tmp_path / "project", runs=22)
    assert all(found[step].seconds > 0 for step in ("plan", "run", "track", "report"))
    results = tmp_path / "project/results"
    assert sorted(path.name for path in (results / "runs/scaled").iterdir()) == ["v0", "v1"]
    (claim,) = json.loads((results / "claims.json").read_text())
    assert (claim["id"], claim["seeds"]) == ("1a", 10)
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("scaled")
    assert len(client.search_runs([experiment.experiment_id])) == 22
    page = (results / "report/index.html").read_text()
    assert '<section id="scaled"' in page and "A walk of 10 seeds." in page
    assert found["report_mb"] == pytest.approx(len(page.encode()) / 1e6)
