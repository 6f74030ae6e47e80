"""Fits with a link: against the likelihood's equations, closed forms and a plain Newton loop."""

import numpy as np
import pytest

from relearn.data.synthetic import LinkedTarget
from relearn.learning import generalized_linear

FAMILIES = {
    "normal": lambda m: np.ones_like(m),
    "poisson": lambda m: m,
    "gamma": lambda m: m**2,
    "lognormal": lambda m: m**2,
    "binary": lambda m: m * (1 - m),
}


def drawn(family, samples, seed=0):
    slope, intercept = (6.0, -3.0) if family == "binary" else (2.0, 0.5)
    target = LinkedTarget(family, intercept, slope, 0.4)
    return target, *target.draw(np.random.default_rng(seed), samples)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_link_fit_solves_its_estimating_equations(family):
    _, x, y = drawn(family, 300)
    mean = generalized_linear.link_fit(x, y, x, family)
    derivative = mean * (1 - mean) if family == "binary" else mean
    weighted = (y - mean) * derivative / FAMILIES[family](mean)
    scale = np.abs(weighted).sum()
    assert abs(weighted.sum()) < 1e-5 * scale
    assert abs((weighted * x).sum()) < 1e-5 * scale


def test_a_poisson_fit_is_newtons_method():
    _, x, y = drawn("poisson", 200)
    design = np.stack([np.ones_like(x), x], axis=1)
    weights = np.array([np.log(y.mean()), 0.0])
    for _ in range(30):
        mean = np.exp(design @ weights)
        weights += np.linalg.solve(design.T * mean @ design, design.T @ (y - mean))
    at = np.array([0.0, 0.5, 1.0])
    expected = np.exp(weights[0] + weights[1] * at)
    got = generalized_linear.link_fit(x, y, at, "poisson")
    np.testing.assert_allclose(got, expected, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_target_has_the_mean_and_the_variance_that_it_states(family):
    target, x, y = drawn(family, 400_000)
    mean = target.mean(x)
    assert np.mean((y - mean) / mean.mean()) == pytest.approx(0, abs=0.005)
    factor = {"normal": 0.16, "gamma": 0.16, "lognormal": np.expm1(0.16)}.get(family, 1.0)
    variance = factor * FAMILIES[family](mean)
    assert np.mean((y - mean) ** 2 / variance) == pytest.approx(1, abs=0.02)


def test_the_log_linear_fit_gives_the_median_and_smearing_the_mean():
    target, x, y = drawn("lognormal", 400_000)
    at = np.array([0.2, 0.8])
    naive, smearing = generalized_linear.log_linear_fit(x, y, at)
    np.testing.assert_allclose(naive, target.mean(at) * np.exp(-(0.4**2) / 2), rtol=0.01)
    np.testing.assert_allclose(naive * smearing, target.mean(at), rtol=0.01)


def test_without_noise_the_log_linear_fit_is_the_curve_and_the_identity_fit_a_line():
    x = np.linspace(0, 1, 7)
    naive, smearing = generalized_linear.log_linear_fit(x, np.exp(1 + 2 * x), x)
    np.testing.assert_allclose(naive, np.exp(1 + 2 * x))
    assert smearing == pytest.approx(1)
    line = generalized_linear.identity_fit(x, 3 - x, np.array([2.0]))
    np.testing.assert_allclose(line, [1.0])
