"""The report of many runs is the built one with each variant so many times."""

import pytest

from benchmarks import page_load
from relearn.errors import RelearnError

BLOCK = {"seeds": 4, "rate": 0.1, "variants": {"plain": {}, "fast": {"rate": 1.0, "seeds": 9}}}


def test_each_variant_stands_there_so_many_times_with_its_own_values():
    config = {"scale": "default", "experiments": {"multilayer_perceptron": BLOCK}}
    many = page_load.multiplied(config, 3)
    variants = many["experiments"]["multilayer_perceptron"]["variants"]
    assert list(variants) == ["plain", "fast", "plain_2", "fast_2", "plain_3", "fast_3"]
    assert variants["fast_3"] == {"rate": 1.0, "seeds": 9}
    assert page_load.multiplied(config, 1) == config


def test_runs_are_counted_as_mlflow_counts_them():
    """A network's seeds are runs of their own; a perceptron's are not."""
    blocks = {"multilayer_perceptron": BLOCK, "perceptron": BLOCK}
    assert page_load.count({"experiments": blocks}) == (1 + 4) + (1 + 9) + 1 + 1


@pytest.mark.parametrize("there", [[], ["report/index.html"]])
def test_results_that_are_not_there_are_one_line(tmp_path, monkeypatch, there):
    monkeypatch.setattr(page_load, "ROOT", tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / page_load.CONFIG).write_text("{}")
    for file in there:
        (tmp_path / "results" / file).parent.mkdir(parents=True)
        (tmp_path / "results" / file).touch()
    with pytest.raises(RelearnError, match=r"results/.*: not there; run make report first"):
        page_load.measure(tmp_path)
