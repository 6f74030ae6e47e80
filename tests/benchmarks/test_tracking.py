"""Both ways of tracking that the benchmark times must leave the same in their stores."""

from pathlib import Path

import mlflow
import pytest

from benchmarks import tracking


@pytest.fixture
def fluent():
    """MLflow's global state, put back."""
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


def content(uri: str) -> dict:
    """Return what a store holds, by run name; times and the figure's digest are left out."""
    client = mlflow.MlflowClient(uri)
    found = client.search_runs([client.get_experiment_by_name(tracking.EXPERIMENT).experiment_id])
    names = {run.info.run_id: run.info.run_name for run in found}
    told = {}
    for run in found:
        metrics = {
            name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
            for name in run.data.metrics
        }
        tags = {
            name: value
            for name, value in run.data.tags.items()
            if name.startswith(("relearn.", "version.")) and name != tracking.tracking.FIGURE
        }
        files = [
            Path(client.download_artifacts(run.info.run_id, item.path)).read_text()
            for item in client.list_artifacts(run.info.run_id, "figure")
        ]
        parent = names.get(run.data.tags.get(tracking.store.PARENT))
        told[run.info.run_name] = (
            run.info.status,
            parent,
            run.data.params,
            run.data.metrics,
            metrics,
            tags,
            files,
        )
    return told


def test_both_sides_leave_the_same_runs(tmp_path, fluent):
    results = tmp_path / "results"
    tracking.write_results(results, seeds=2, epochs=3)
    stores = []
    for side in (tracking.projection, tracking.call_by_call):
        folder = tmp_path / side.__name__
        folder.mkdir()
        stores.append(tracking.database(folder))
        side(results, stores[-1])
    ours, theirs = map(content, stores)
    assert sorted(ours) == sorted(
        [*("plain", "plain, seed 0", "plain, seed 1"), *("fast", "fast, seed 0", "fast, seed 1")]
    )
    status, parent, params, _, metrics, tags, files = ours["fast, seed 1"]
    assert (status, parent, params, files) == ("FINISHED", "fast", {"seed": "1"}, [])
    assert [step for step, _ in metrics["epoch/mean_loss"]] == [1, 2, 3]
    assert tags["relearn.variant"] == "fast" and "version.torch" in ours["fast"][5]
    assert [text[:3] for text in ours["fast"][-1]] == ["csv", "svg"]
    assert ours == theirs
