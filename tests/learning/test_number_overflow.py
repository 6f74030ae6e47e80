"""Depths of overflow against integers and plain loops; errors and silence by hand."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from relearn.learning import number_overflow as overflow


@pytest.mark.parametrize("name", overflow.FORMATS)
@pytest.mark.parametrize("gain", [1.5, 2.0, 4.0, 10.0])
def test_bound_is_the_deepest_power_in_exact_arithmetic(gain, name):
    limit, depth = Fraction(torch.finfo(overflow.FORMATS[name]).max), 0
    while Fraction(gain) ** (depth + 1) <= limit:
        depth += 1
    bound, least, most = overflow.depth_bounds(gain, name)
    assert bound == depth and least <= bound <= most
    if gain in (2.0, 4.0):
        assert least == bound == most


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
@pytest.mark.parametrize("gain", [1.1, 1.3, 3.7])
def test_a_plain_loop_stays_within_what_rounding_allows(gain, name):
    product, depth = np.array(1, name), -1
    with np.errstate(over="ignore"):
        while np.isfinite(product):
            product, depth = product * np.array(gain, name), depth + 1
    _, least, most = overflow.depth_bounds(gain, name)
    assert least <= depth <= most


def test_nothing_overflows_without_growth():
    with pytest.raises(ValueError, match="more than 1"):
        overflow.depth_bounds(1.0, "float32")


@pytest.mark.parametrize("permuted", [True, False])
def test_layers_are_orthogonal(permuted):
    layers = overflow.orthogonal_layers(5, 8, permuted, np.random.default_rng(0))
    np.testing.assert_allclose(layers @ layers.transpose(0, 2, 1), [np.eye(8)] * 5, atol=1e-12)
    assert (np.count_nonzero(layers, axis=2) == 1).all() == permuted


@pytest.mark.parametrize("name", overflow.FORMATS)
def test_layers_that_permute_are_as_deep_as_a_number(name):
    layers = overflow.orthogonal_layers(2000, 8, True, np.random.default_rng(0))
    bound, *_ = overflow.depth_bounds(2.0, name)
    assert overflow.finite_depth(layers, np.ones(8), 2.0, name) == bound
    with pytest.raises(ValueError, match="take more"):
        overflow.finite_depth(layers[:bound], np.ones(8), 2.0, name)


def test_an_attempt_tells_error_silence_and_warning_apart():
    assert overflow.attempt(lambda: 2.0**2000) == (True, False, False)
    assert overflow.attempt(lambda: 2.0 * 1e308) == (False, True, False)
    assert overflow.attempt(lambda: float(np.float64(2) * np.float64(1e308))) == (False, True, True)
    assert overflow.attempt(lambda: 1.0) == (False, False, False)


@pytest.mark.parametrize("depth", [20, 1100])
def test_products_are_powers_and_raise_only_if_asked(depth):
    layers = overflow.orthogonal_layers(depth, 4, True, np.random.default_rng(0))
    calls = [
        lambda checked: overflow.torch_product(layers, 2.0, "float64", checked),
        lambda checked: overflow.numpy_product(2.0, depth, "float64", checked),
        lambda checked: overflow.python_product(2.0, depth, checked),
    ]
    for call in calls:
        if depth < 1024:
            assert call(False) == call(True) == 2.0**depth
        else:
            assert overflow.attempt(lambda call=call: call(False))[:2] == (False, True)
            assert overflow.attempt(lambda call=call: call(True))[:2] == (True, False)


def test_descent_of_one_layer_by_hand():
    rng = np.random.default_rng(0)
    weight, x, y = rng.normal(size=(3, 3)), rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
    losses, raised = overflow.descend(weight[None], x, y, 0.1, 4, "float64", True)
    for loss in losses:
        error = x @ weight - y
        np.testing.assert_allclose(loss, (error**2).mean())
        weight = weight - 0.1 * 2 * x.T @ error / error.size
    assert not raised


@pytest.mark.parametrize("checked", [True, False])
def test_a_run_that_diverges_raises_only_if_asked(checked):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 7, 3))
    losses, raised = overflow.descend(np.eye(3)[None], x, y, 100.0, 400, "float32", checked)
    first = int(np.isfinite(losses).sum())
    assert 2 < first < 400 and np.isfinite(losses[:first]).all()
    assert raised == checked
    assert np.isnan(losses[-1])
