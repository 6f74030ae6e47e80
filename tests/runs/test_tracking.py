"""Tracking is a projection of the results: run it as often as you like, on a real database."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from mlflow import MlflowClient

from relearn.runs import failures, provenance, record, tracking
from relearn.runs.record import Records, per_seed, table

EXPERIMENTS = {"sums": {"variants": ["plain", "fast"], "seed_runs": True}}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Two variants of one experiment, three seeds each, with a figure."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / "results"
    started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for offset, variant in enumerate(EXPERIMENTS["sums"]["variants"]):
        loss = np.arange(6.0).reshape(3, 2) + offset
        scalars = per_seed({"test_accuracy": np.array([97.0, 98.0, 99.0])})
        records = Records(scalars, table("epoch", np.array([1, 2]), {"loss": loss}))
        record.write(folder / "runs/sums" / variant, records)
        identity = {
            "experiment": "sums",
            "variant": variant,
            "params": {"seeds": 3, "rate": 0.5, "dataset": "mnist"},
            "seed_base": 1,
            "fingerprint": "f" * 64,
            "data": "d" * 64,
        }
        path = folder / f"provenance/sums/{variant}.json"
        finished = started.replace(second=9)
        provenance.write(path, identity, started, finished, 1, "snakemake …")
    draw(folder, "<svg/>")
    return folder


def draw(results, content):
    (results / "figures").mkdir(exist_ok=True)
    (results / "figures/sums.svg").write_text(content)
    (results / "figures/sums.csv").write_text("x\n1\n")


def track(results):
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results)
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    found = client.get_experiment_by_name("sums")
    return client, list(client.search_runs([found.experiment_id]))


def by_key(runs):
    keys = [run.data.tags[tracking.KEY] for run in runs]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, runs, strict=True))


def test_a_parent_for_each_variant_and_a_child_for_each_seed(results):
    _, runs = track(results)
    assert len(runs) == 2 * (1 + 3)
    assert {run.info.status for run in runs} == {"FINISHED"}
    index = json.loads((results / "mlflow/runs.json").read_text())
    parents = index["experiments"]["sums"]["runs"]
    assert list(parents) == ["plain", "fast"]
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert sorted({run.data.tags["mlflow.parentRunId"] for run in children}) == sorted(
        parents.values()
    )


def test_a_run_carries_what_is_needed_to_trust_it(results):
    client, runs = track(results)
    index = json.loads((results / "mlflow/runs.json").read_text())
    run = client.get_run(index["experiments"]["sums"]["runs"]["plain"])
    assert run.data.params == {"seeds": "3", "rate": "0.5", "dataset": "mnist"}
    assert run.data.metrics["test_accuracy"] == 98.0
    assert run.data.metrics["test_accuracy_low"] == pytest.approx(98 - 4.302652729 / 3**0.5)
    assert [m.value for m in client.get_metric_history(run.info.run_id, "loss")] == [2.0, 3.0]
    assert [m.step for m in client.get_metric_history(run.info.run_id, "loss")] == [1, 2]
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("mnist", "d" * 36)
    assert run.info.end_time - run.info.start_time == 4000
    tags = run.data.tags
    assert tags["relearn.experiment"] == "sums" and tags["relearn.fingerprint"] == "f" * 64
    assert "relearn.dirty" in tags and "version.torch" in tags
    names = [item.path for item in client.list_artifacts(run.info.run_id, "figure")]
    assert names == ["figure/sums.csv", "figure/sums.svg"]
    child = next(r for r in runs if r.info.run_name == "plain, seed 1")
    assert child.data.metrics == {"test_accuracy": 98.0, "loss": 3.0}
    assert child.data.params == {"seed": "1"}


def test_tracking_twice_makes_no_second_run(results):
    _, before = track(results)
    _, after = track(results)
    assert {run.info.run_id for run in before} == {run.info.run_id for run in after}


def test_a_new_figure_replaces_the_artifact_and_makes_no_run(results):
    _, before = track(results)
    draw(results, "<svg>new</svg>")
    client, after = track(results)
    assert {run.info.run_id for run in before} == {run.info.run_id for run in after}
    index = json.loads((results / "mlflow/runs.json").read_text())
    for run_id in index["experiments"]["sums"]["runs"].values():
        path = client.download_artifacts(run_id, "figure/sums.svg")
        assert open(path).read() == "<svg>new</svg>"


def test_a_run_that_a_kill_left_half_made_is_made_again(results):
    client, runs = track(results)
    half = by_key(runs).popitem()[1]
    client.set_terminated(half.info.run_id, "RUNNING")
    _, after = track(results)
    assert len(after) == len(runs)
    assert {run.info.status for run in after} == {"FINISHED"}
    assert by_key(after).keys() == by_key(runs).keys()


def test_a_kill_before_the_figure_is_kept_makes_the_run_again_with_it(results, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MlflowClient, "log_artifact", killed)
        track(results)
    client, runs = track(results)
    assert len(by_key(runs)) == 2 * (1 + 3)
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = [run for run in runs if tracking.PARENT not in run.data.tags]
    for run in parents:
        assert len(client.list_artifacts(run.info.run_id, "figure")) == 2


def test_a_run_takes_three_calls_and_those_that_only_it_needs(results, monkeypatch):
    calls = Counter()
    for name in ("create_run", "get_run", "log_batch", "set_tag", "log_artifact", "log_inputs"):
        monkeypatch.setattr(MlflowClient, name, counted(calls, getattr(MlflowClient, name)))
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results)
    runs = 2 * (1 + 3)
    assert calls == {"create_run": runs, "log_batch": runs, "log_inputs": runs, "log_artifact": 4}


def counted(calls, method):
    def call(*arguments, **named):
        calls[method.__name__] += 1
        return method(*arguments, **named)

    return call


def test_the_store_is_rebuilt_from_the_results_alone(results):
    _, before = track(results)
    for path in (results / "mlflow").rglob("*"):
        if path.is_file():
            path.unlink()
    _, after = track(results)
    assert by_key(after).keys() == by_key(before).keys()


def test_a_failure_is_a_failed_run_until_the_next_success(results):
    (results / "logs").mkdir()
    (results / "logs/run.log").write_text("first\nlast words\n")
    wildcards = {"experiment": "sums", "variant": "plain"}
    failures.write("run", wildcards, "results/logs/run.log", "ValueError: no")
    for _ in range(2):
        tracking.track_failures(results)
    client, runs = track(results)
    (failed,) = [run for run in runs if run.info.status == "FAILED"]
    assert failed.data.tags[tracking.KEY] == "failed/run/sums/plain"
    assert failed.data.tags["mlflow.note.content"] == "ValueError: no"
    tail = client.download_artifacts(failed.info.run_id, "log_tail.txt")
    assert open(tail).read().rstrip() == "first\nlast words"
    failures.clear("run", wildcards)
    _, runs = track(results)
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_the_uri_of_the_environment_is_honoured(results, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results)
    client = MlflowClient(f"sqlite:///{tmp_path}/elsewhere.db")
    assert client.get_experiment_by_name("sums") is not None
    assert not (results / "mlflow/mlflow.db").exists()


def test_a_store_that_was_made_elsewhere_is_made_afresh(results, tmp_path):
    _, before = track(results)
    moved = tmp_path / "moved"
    moved.mkdir()
    results.rename(moved / "results")
    client, runs = track(moved / "results")
    assert len(by_key(runs)) == len(before)
    found = client.get_experiment_by_name("sums")
    assert found.artifact_location == f"{moved}/results/mlflow/artifacts/sums"


def test_a_database_elsewhere_keeps_its_artifacts_beside_it(results, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/shared/runs.db")
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results)
    found = MlflowClient(f"sqlite:///{tmp_path}/shared/runs.db").get_experiment_by_name("sums")
    assert found.artifact_location == f"{tmp_path}/shared/artifacts/sums"
