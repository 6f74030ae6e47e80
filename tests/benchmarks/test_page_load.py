"""The report of many runs is the built one with each variant so many times."""

from benchmarks import page_load

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
