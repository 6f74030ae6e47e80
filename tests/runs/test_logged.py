"""What tracking logs of a run, tag by tag and metric by metric."""

import numpy as np
import pytest

from relearn.runs import logged, weights
from relearn.runs.record import Records, per_seed, table

PROVENANCE = {
    "experiment": "sums",
    "variant": "fast",
    "commit": "abc",
    "fingerprint": "f" * 64,
    "seed_base": 7,
    "command": "make it",
    "dirty": False,
    "params": {"rate": 0.5},
    "data": None,
    "python": "3.11.2",
    "versions": {"numpy": "2.0"},
}
OF_SEED = {
    "relearn.experiment": "sums",
    "relearn.variant": "fast",
    "mlflow.source.name": "src/relearn/experiments/sums.py",
    "mlflow.source.type": "LOCAL",
    "mlflow.source.git.commit": "abc",
}


def test_the_tags_of_a_variant():
    assert logged.of_variant(PROVENANCE) == OF_SEED | {
        "relearn.fingerprint": "f" * 64,
        "relearn.seed_base": "7",
        "relearn.command": "make it",
        "relearn.dirty": "False",
        "relearn.dataset": "drawn for each seed",
        "version.python": "3.11.2",
        "version.numpy": "2.0",
    }


def test_outside_git_a_run_has_no_commit():
    without = {name: tag for name, tag in OF_SEED.items() if "commit" not in name}
    assert logged.of_seed(PROVENANCE | {"commit": None}) == without


def test_a_data_set_with_its_shapes_where_they_are_known(tmp_path):
    origin = PROVENANCE | {"data": "d" * 64, "params": {"dataset": "mnist"}}
    assert logged.data(PROVENANCE, tmp_path) is None
    assert logged.data(origin, tmp_path) == logged.Data("mnist", "d" * 36, "data/mnist", None)
    (tmp_path / "data/mnist").mkdir(parents=True)
    (tmp_path / "data/mnist/normalisation.json").write_text('{"mean": 0, "shapes": {"a": [1]}}')
    assert logged.data(origin, tmp_path).profile == '{"a": [1]}'
    assert logged.of_variant(origin)["relearn.dataset"] == "mnist"


def records(scores, losses=()):
    scalars = per_seed({"score": np.array(scores)})
    curves = [table("epoch", np.array([2, 1]), {"loss": np.array(losses)})] if losses else []
    return Records(scalars, *curves)


def test_a_variant_has_means_with_intervals_and_the_mean_curve_in_order():
    found = logged.means(records([1.0, 3.0], [[5.0, 1.0], [7.0, np.inf]]))
    half = 12.706204736  # Student's t of one degree of freedom, times the standard error 1
    assert found == [
        ("score", 2.0, 0),
        ("score_low", pytest.approx(2 - half), 0),
        ("score_high", pytest.approx(2 + half), 0),
        ("epoch/loss", 6.0, 2),
    ]


def test_one_seed_has_no_interval():
    assert logged.means(records([1.0])) == [("score", 1.0, 0)]


def test_each_seed_has_its_own_values_and_none_that_is_not_finite():
    found = dict(logged.by_seed(records([1.0, np.nan], [[5.0, 1.0], [7.0, np.inf]])))
    assert found == {
        0: [("score", 1.0, 0), ("epoch/loss", 5.0, 2), ("epoch/loss", 1.0, 1)],
        1: [("epoch/loss", 7.0, 2)],
    }
    assert dict(logged.by_seed(records([1.0]))) == {0: [("score", 1.0, 0)]}


def test_networks_are_those_of_the_first_seeds_or_none():
    assert weights.by_seed(records([1.0, 2.0])) == {}
    kept = Records(per_seed({"score": np.arange(2.0)}), arrays={"model.0.bias": np.ones((1, 3))})
    (network,) = weights.by_seed(kept).values()
    assert list(weights.by_seed(kept)) == [0] and network["0.bias"].tolist() == [1, 1, 1]
