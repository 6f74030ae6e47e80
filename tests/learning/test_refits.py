"""Bias and variance against a loop and a known case; random features against scikit-learn."""

import numpy as np
from sklearn.linear_model import LinearRegression

from relearn.learning import polynomials, refits


def test_decomposition_is_that_of_a_plain_loop():
    rng = np.random.default_rng(0)
    predictions, truth = rng.normal(size=(7, 5, 2)), rng.normal(size=5)
    bias, variance = refits.decomposition(predictions, truth)
    for column in range(2):
        missed, scatter = [], []
        for point in range(5):
            values = predictions[:, point, column]
            scatter.append(sum((values - values.mean()) ** 2) / 6)
            missed.append((values.mean() - truth[point]) ** 2 - scatter[-1] / 7)
        np.testing.assert_allclose(bias[column], np.mean(missed))
        np.testing.assert_allclose(variance[column], np.mean(scatter))


def test_estimates_are_unbiased():
    rng = np.random.default_rng(1)
    truth = np.zeros(20_000)
    bias, variance = refits.decomposition(rng.normal(0.5, 2, (4, 20_000)), truth)
    np.testing.assert_allclose(variance, 4, rtol=0.02)
    np.testing.assert_allclose(bias, 0.25, atol=0.05)


def test_narrow_features_give_least_squares_and_wide_ones_the_least_norm():
    rng = np.random.default_rng(2)
    x, y, test = rng.normal(size=(2, 12, 3)), rng.normal(size=(2, 12)), rng.normal(size=(9, 3))
    for width in (5, 40):
        weights = rng.normal(size=(2, 4, width))
        here, there = refits.relu_predictions(x, y, [x, test], weights)
        for m in range(2):
            columns, other = (
                np.array([[max(p @ w[:3] + w[3], 0) for w in weights[m].T] for p in points])
                for points in (x[m], test)
            )
            model = LinearRegression(fit_intercept=False, tol=1e-15).fit(columns, y[m])
            np.testing.assert_allclose(here[m], model.predict(columns), atol=1e-9)
            np.testing.assert_allclose(there[m], model.predict(other), atol=1e-9)
    np.testing.assert_allclose(here, y, atol=1e-9)


def test_test_points_of_each_sets_own_are_those_of_separate_fits():
    rng = np.random.default_rng(3)
    x, y, test = rng.uniform(-1, 1, (2, 30)), rng.normal(size=(2, 30)), rng.uniform(-1, 1, (2, 6))
    _, found = polynomials.nested_predictions(x, y, test, [2, 7])
    for s in range(2):
        for column, degree in enumerate((2, 7)):
            expected = np.polynomial.Polynomial.fit(x[s], y[s], degree)(test[s])
            np.testing.assert_allclose(found[s, :, column], expected, rtol=1e-8)
