"""Least-squares rules against scikit-learn, and the exact accuracy against a sample."""

import numpy as np
import pytest

from relearn.learning import discriminant


def classes(samples, mean, rng):
    y = np.where(np.arange(samples) % 2, 1.0, -1.0)
    return rng.normal(size=(samples, len(mean))) + y[:, None] * mean, y


@pytest.mark.parametrize("features", [3, 39, 60])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_rules_are_scikit_learns(features, penalty):
    from sklearn.linear_model import LinearRegression, Ridge

    x, y = classes(40, np.full(features, 0.3), np.random.default_rng(0))
    w, b = discriminant.least_squares_rules(x, y, [penalty])
    model = Ridge(alpha=40 * penalty) if penalty else LinearRegression()
    model.fit(x, y)
    np.testing.assert_allclose(w[0], model.coef_, atol=1e-6)
    np.testing.assert_allclose(b[0], model.intercept_, atol=1e-6)


def test_direction_is_fishers():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    x, y = classes(40, np.array([1.0, 0.5, 0.0]), np.random.default_rng(1))
    w = discriminant.least_squares_rules(x, y, [0.0])[0][0]
    fisher = LinearDiscriminantAnalysis().fit(x, y).coef_[0]
    np.testing.assert_allclose(w / np.linalg.norm(w), fisher / np.linalg.norm(fisher))


def test_each_penalty_gets_the_rule_that_it_would_get_alone():
    x, y = classes(20, np.full(30, 0.3), np.random.default_rng(2))
    together = discriminant.least_squares_rules(x, y, [0.0, 1.0])[0]
    alone = [discriminant.least_squares_rules(x, y, [value])[0][0] for value in (0.0, 1.0)]
    np.testing.assert_allclose(together, alone)


def test_accuracy_is_that_of_a_large_sample():
    mean, w, b = np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array(0.7)
    x, y = classes(200_000, mean, np.random.default_rng(3))
    measured = np.mean(np.sign(x @ w + b) == y)
    np.testing.assert_allclose(discriminant.gaussian_accuracy(w, b, mean), measured, atol=0.003)


def test_the_true_direction_reaches_the_bayes_accuracy():
    accuracy = discriminant.gaussian_accuracy(np.array([1.0]), np.array(0.0), np.array([1.0]))
    np.testing.assert_allclose(accuracy, 0.8413447460685429)
