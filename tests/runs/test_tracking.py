"""Tracking is a projection of the results: run it as often as you like, on a real database."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from safetensors import safe_open
from safetensors.numpy import load_file

from relearn.errors import RelearnError
from relearn.runs import described, failures, provenance, record, store, tracking
from relearn.runs.record import Records, per_seed, table

SUMS = {"question": "Does a sum grow?", "variants": ["plain", "fast"], "seed_runs": True}
EXPERIMENTS = {"sums": SUMS}
CLAIM = {
    "id": "7a",
    "claim": "Sums grow.",
    "experiment": "sums",
    "verdict": "supported",
    "kind": "mean",
    "weakest": "fast_sums",
    "effect": {"estimate": 1.23456, "low": 1.1, "high": 1.36912, "unit": "points"},
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty database: MLflow takes seconds to make one."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def results(tmp_path, monkeypatch, empty):
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
            "params": {"seeds": 3, "rate": 0.5 + offset, "dataset": "mnist"},
            "seed_base": 1,
            "fingerprint": "f" * 64,
            "data": "d" * 64,
        }
        path = folder / f"provenance/sums/{variant}.json"
        finished = started.replace(second=9)
        provenance.write(path, identity, started, finished, 1, "snakemake …")
    facts = tmp_path / "data/mnist/normalisation.json"
    facts.parent.mkdir(parents=True)
    facts.write_text('{"shapes": {"train_images": [600, 28, 28]}}')
    store = folder / "mlflow"
    store.mkdir()
    shutil.copy(empty, store)
    (store / "made-in").write_text(str(store))
    draw(folder, "<svg/>")
    judge(folder, CLAIM)
    return folder


def draw(results, content):
    (results / "figures").mkdir(exist_ok=True)
    (results / "figures/sums.svg").write_text(content)
    (results / "figures/sums.csv").write_text("x\n1\n")


def judge(results, *claims):
    (results / "claims.json").write_text(json.dumps(claims))


def track(results, experiments=EXPERIMENTS):
    tracking.track(experiments, results / "mlflow/runs.json", results, "smoke")
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    found = client.get_experiment_by_name("sums")
    return client, list(client.search_runs([found.experiment_id]))


def named(runs, name):
    (run,) = [run for run in runs if run.info.run_name == name]
    return run


def by_key(runs):
    keys = [run.data.tags[store.KEY] for run in runs]
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
    curve = client.get_metric_history(run.info.run_id, "epoch/loss")
    assert [(m.step, m.value) for m in curve] == [(1, 2.0), (2, 3.0)]
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("mnist", "d" * 36)
    assert mlflow.data.get_source(data).uri == "data/mnist"
    assert json.loads(data.dataset.profile) == {"train_images": [600, 28, 28]}
    assert run.info.end_time - run.info.start_time == 4000
    tags = run.data.tags
    assert tags["relearn.experiment"] == "sums" and tags["relearn.fingerprint"] == "f" * 64
    assert (tags["relearn.scale"], tags["relearn.dataset"]) == ("smoke", "mnist")
    assert (tags["relearn.level"], tags["claim.7a"]) == ("variant", "supported")
    assert tags["mlflow.note.content"] == (
        "[In the report](/results/report/index.html#run-sums-plain)\n\n"
        "Set apart by rate 0.5.\n\n"
        "Remake: `snakemake …`"
    )
    assert "relearn.dirty" in tags and "version.torch" in tags
    names = [item.path for item in client.list_artifacts(run.info.run_id, "figure")]
    assert names == ["figure/sums.csv", "figure/sums.svg"]
    child = named(runs, "plain, seed 1")
    assert child.data.metrics == {"test_accuracy": 98.0, "epoch/loss": 3.0}
    assert child.data.tags["relearn.level"] == "seed"
    assert child.data.params == {"seed": "1"}


def test_an_experiment_says_what_it_asks_and_what_came_out(results):
    client, _ = track(results)
    found = client.get_experiment_by_name("sums")
    assert found.tags["mlflow.experimentKind"] == "custom_model_development"
    assert found.tags["claim.7a"] == "supported"
    compare = f"/#/experiments/{found.experiment_id}/runs?viewStateShareKey=variants"
    assert found.tags["mlflow.note.content"].splitlines() == [
        "Does a sum grow?",
        "",
        f"- [Compare the variants]({compare}): what sets them apart, and what came out",
        "- [Question, figure and verdicts in the report](/results/report/index.html#sums)",
        "- A run is a variant; below it stands one for each seed that is a training.",
        "",
        "- **7a, supported**: Sums grow. "
        "(effect 1.23, 1.1 to 1.37 points; the weakest part, fast_sums)",
    ]


def test_the_prepared_table_finds_the_variants_and_shows_what_sets_them_apart(results):
    client, _ = track(results)
    found = client.get_experiment_by_name("sums")
    view = json.loads(found.tags["mlflow.sharedViewState.variants"])
    runs = client.search_runs([found.experiment_id], view["searchFilter"])
    assert {run.info.run_name for run in runs} == {"plain", "fast"}
    assert view["selectedColumns"] == [
        "params.`rate`",
        *(f"metrics.`test_accuracy{end}`" for end in ("", "_low", "_high")),
    ]


def test_a_table_with_more_columns_than_a_tag_has_room_for_is_cut():
    about = described.About("sums", "", 1, [], "smoke", served=True)
    measures = [f"{'m' * 200}{number}" for number in range(30)]
    view = about.experiment("1", [], measures)["mlflow.sharedViewState.variants"]
    assert len(view) <= 5000
    columns = json.loads(view)["selectedColumns"]
    assert columns[0] == f"metrics.`{measures[0]}`" and 5 < len(columns) < 24


def test_a_server_elsewhere_is_told_where_the_report_lies(results):
    about = described.About("sums", "", 51, [], "smoke", served=False)
    origin = {"variant": "plain", "params": {"seeds": 1}, "command": "snakemake …"}
    note = about.variant(origin, [])["mlflow.note.content"]
    assert "In the report: `results/report/index.html#made-sums`" in note


def test_tracking_twice_makes_no_second_run(results, monkeypatch):
    _, before = track(results)
    calls = Counter()
    for name in ("create_run", "log_batch", "set_tag", "set_experiment_tag", "log_artifact"):
        monkeypatch.setattr(MlflowClient, name, counted(calls, getattr(MlflowClient, name)))
    _, after = track(results)
    assert {run.info.run_id for run in before} == {run.info.run_id for run in after}
    assert calls == {}


def test_another_verdict_reaches_the_runs_that_are_there(results):
    _, before = track(results)
    judge(results, CLAIM | {"verdict": "contradicted"}, CLAIM | {"id": "7b"})
    client, runs = track(results)
    assert by_key(runs).keys() == by_key(before).keys()
    told = named(runs, "plain").data.tags
    assert (told["claim.7a"], told["claim.7b"]) == ("contradicted", "supported")
    judge(results)
    client, runs = track(results)
    assert "claim.7a" not in named(runs, "plain").data.tags
    assert "claim.7a" not in client.get_experiment_by_name("sums").tags


def test_a_description_that_a_person_has_edited_stays(results):
    client, runs = track(results)
    plain = named(runs, "plain").info.run_id
    client.set_tag(plain, "mlflow.note.content", "Mine.")
    other = EXPERIMENTS["sums"] | {"variants": ["plain"]}  # nothing sets it apart any more
    _, runs = track(results, {"sums": other})
    assert named(runs, "plain").data.tags["mlflow.note.content"] == "Mine."
    client.delete_tag(plain, "mlflow.note.content")
    _, runs = track(results, {"sums": other})
    assert named(runs, "plain").data.tags["mlflow.note.content"].startswith("[In the report]")


def test_a_run_that_is_no_longer_among_the_results_stays_and_says_so(results):
    track(results)
    client, runs = track(results, {"sums": SUMS | {"variants": ["plain"]}})
    current = {run.info.run_name: run.data.tags["relearn.current"] for run in runs}
    assert (current["plain"], current["plain, seed 0"]) == ("true", "true")
    assert (current["fast"], current["fast, seed 0"]) == ("false", "false")
    _, runs = track(results)
    assert {run.data.tags["relearn.current"] for run in runs} == {"true"}


def test_a_store_of_an_older_form_is_brought_up_to_date(results):
    client, before = track(results)
    for run in before:
        client.delete_tag(run.info.run_id, "relearn.form")
    _, runs = track(results)
    assert by_key(runs).keys() == by_key(before).keys()
    assert {run.data.tags["relearn.form"] for run in runs} == {"2"}
    assert not {run.info.run_id for run in runs} & {run.info.run_id for run in before}


def test_a_network_is_kept_with_its_seed_without_a_pickle(results):
    layers = {
        "model.0.weight": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
        "model.0.bias": np.arange(6, dtype=np.float32).reshape(3, 2),
        "other": np.zeros(3),
    }
    scalars = per_seed({"test_accuracy": np.array([97.0, 98.0, 99.0])})
    record.write(results / "runs/sums/plain", Records(scalars, arrays=layers))
    client, runs = track(results)
    child = named(runs, "plain, seed 1").info.run_id
    path = client.download_artifacts(child, "model/model.safetensors")
    found = load_file(path)
    assert {name: array.tolist() for name, array in found.items()} == {
        "0.weight": [[4.0, 5.0], [6.0, 7.0]],
        "0.bias": [2.0, 3.0],
    }
    assert found["0.weight"].dtype == np.float32
    with safe_open(path, "numpy") as file:
        assert file.metadata()["run"] == "plain, seed 1"
    assert client.list_artifacts(named(runs, "plain").info.run_id, "model") == []
    assert client.list_artifacts(named(runs, "fast, seed 1").info.run_id, "model") == []


def test_the_network_of_a_lone_seed_is_kept_with_its_variant(results):
    layers = {"model.0.bias": np.array([[1.0, 2.0]], dtype=np.float32)}
    scalars = per_seed({"test_accuracy": np.array([97.0])})
    record.write(results / "runs/sums/plain", Records(scalars, arrays=layers))
    client, runs = track(results)
    path = client.download_artifacts(named(runs, "plain").info.run_id, "model/model.safetensors")
    assert load_file(path)["0.bias"].tolist() == [1.0, 2.0]


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
    parents = [run for run in runs if store.PARENT not in run.data.tags]
    for run in parents:
        assert len(client.list_artifacts(run.info.run_id, "figure")) == 2


def test_a_run_takes_three_calls_and_those_that_only_it_needs(results, monkeypatch):
    calls = Counter()
    for name in ("create_run", "get_run", "log_batch", "set_tag", "log_artifact", "log_inputs"):
        monkeypatch.setattr(MlflowClient, name, counted(calls, getattr(MlflowClient, name)))
    track(results)
    runs = 2 * (1 + 3)
    assert calls == {"create_run": runs, "log_batch": runs, "log_inputs": runs, "log_artifact": 4}


def counted(calls, method):
    def call(*arguments, **named):
        calls[method.__name__] += 1
        return method(*arguments, **named)

    return call


def test_what_a_repeated_call_makes_twice_is_there_once(results, monkeypatch):
    """MLflow's client repeats a call to a server whose answer was lost."""
    for name in ("create_experiment", "create_run"):
        monkeypatch.setattr(MlflowClient, name, repeated(getattr(MlflowClient, name)))
    _, runs = track(results)
    assert len(by_key(runs)) == 2 * (1 + 3)
    assert {run.info.status for run in runs} == {"FINISHED"}


def repeated(method):
    def call(*arguments, **named):
        method(*arguments, **named)
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
    assert failed.data.tags[store.KEY] == "failed/run/sums/plain"
    assert failed.data.tags["mlflow.note.content"] == "ValueError: no"
    tail = client.download_artifacts(failed.info.run_id, "log_tail.txt")
    assert open(tail).read().rstrip() == "first\nlast words"
    failures.clear("run", wildcards)
    _, runs = track(results)
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_failure_of_no_experiment_stands_apart_until_the_next_success(results):
    failures.write("seal", {}, "results/logs/seal.log", "OSError: full")
    tracking.track_failures(results)
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    pipeline = client.get_experiment_by_name("pipeline")
    assert pipeline.tags["mlflow.experimentKind"] == "custom_model_development"
    (failed,) = client.search_runs([pipeline.experiment_id])
    assert failed.data.tags[store.KEY] == "failed/seal"
    failures.clear("seal", {})
    track(results)
    assert list(client.search_runs([pipeline.experiment_id])) == []


def test_a_failure_of_tracking_itself_is_cleared_by_the_next_that_succeeds(results):
    failures.write("track", {}, "results/logs/track.log", "was killed")
    tracking.track_failures(results)
    _, runs = track(results)  # as in its job, whose note is there until it has ended
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_the_uri_of_the_environment_is_honoured(results, monkeypatch, tmp_path):
    shutil.rmtree(results / "mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results, "smoke")
    client = MlflowClient(f"sqlite:///{tmp_path}/elsewhere.db")
    assert client.get_experiment_by_name("sums") is not None
    assert not (results / "mlflow/mlflow.db").exists()


def test_a_server_that_is_away_is_one_line_with_what_to_do(results, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9/base")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")  # set by what is tested; this takes it back
    with pytest.raises(RelearnError) as caught, store.answering(results):
        tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results, "smoke")
    said = str(caught.value)
    assert said.startswith("http://127.0.0.1:9/base: ")
    assert said.endswith("the results stay, and the same command tracks them")
    assert "hunter2" not in said and "\n" not in said


def test_a_spoilt_store_is_set_aside_and_no_other_is_made(results, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    store = results / "mlflow"
    store.mkdir(exist_ok=True)
    (store / "made-in").write_text(str(store.resolve()))
    (store / "mlflow.db").write_bytes(b"no database" * 1000)
    there = set(tmp_path.iterdir())
    tracking.track(EXPERIMENTS, store / "runs.json", results, "smoke")
    assert (store / "mlflow.db").read_bytes().startswith(b"SQLite format 3")
    assert len(list(store.glob("mlflow.db.*"))) == 1
    assert set(tmp_path.iterdir()) == there


def test_the_index_has_no_password(results, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{results}/elsewhere.db?password=hunter2")
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results, "smoke")
    index = json.loads((results / "mlflow/runs.json").read_text())
    assert index["tracking_uri"] == f"sqlite:///{results}/elsewhere.db"


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
    tracking.track(EXPERIMENTS, results / "mlflow/runs.json", results, "smoke")
    found = MlflowClient(f"sqlite:///{tmp_path}/shared/runs.db").get_experiment_by_name("sums")
    assert found.artifact_location == f"{tmp_path}/shared/artifacts/sums"


def test_a_fact_has_no_interval():
    effect = {"estimate": 0.0, "low": 0.0, "high": 0.0, "unit": "share"}
    claim = CLAIM | {"kind": "exact", "weakest": "", "effect": effect}
    about = described.About("sums", "Does a sum grow?", 1, [claim], "smoke", served=True)
    assert "(effect 0 share)" in about.experiment("1", [], [])["mlflow.note.content"]
