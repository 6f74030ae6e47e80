"""The linear classifiers against scikit-learn and closed forms; the ranking of pixels."""

import numpy as np
import pytest

from relearn.learning.classifiers import LeastSquaresClassifier, most_telling, softmax


@pytest.fixture
def points():
    rng = np.random.default_rng(3)
    return rng.normal(size=(30, 6)), rng.integers(3, size=30) * 2


def test_least_squares_is_ridge_on_one_hot_labels(points):
    from sklearn.linear_model import Ridge

    x, y = points
    ours = LeastSquaresClassifier(0.7).fit(x, y)
    theirs = Ridge(alpha=0.7).fit(x, y[:, None] == [0, 2, 4])
    np.testing.assert_allclose(ours.coef_, theirs.coef_.T, atol=1e-12)
    np.testing.assert_array_equal(ours.predict(x), 2 * theirs.predict(x).argmax(1))


def test_without_penalty_the_smallest_exact_fit_is_found():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(10, 25)), np.arange(10) % 3
    x[:, 20:] = x[:, :1]  # equal columns share the weight
    fitted = LeastSquaresClassifier().fit(x, y)
    centred = x - x.mean(0)
    targets = (y[:, None] == [0, 1, 2]) - (y[:, None] == [0, 1, 2]).mean(0)
    np.testing.assert_allclose(fitted.coef_, np.linalg.pinv(centred) @ targets, atol=1e-10)
    np.testing.assert_array_equal(fitted.predict(x), y)


def test_softmax_minimises_summed_cross_entropy_and_half_the_penalty(points):
    x, y = points
    model = softmax(2.0).fit(x, y)
    error = model.predict_proba(x) - (y[:, None] == [0, 2, 4])
    gradient = error.T @ x + 2.0 * model.coef_
    assert np.abs(gradient).max() < 30 * 1e-4  # the tolerance is on the mean over 30 points


def test_most_telling_ranks_by_f_and_puts_constant_columns_last():
    y = np.array([0, 0, 1, 1])
    exact = np.array([0.0, 0.0, 1.0, 1.0])
    weak, strong = np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0, 6.0])
    x = np.stack([np.ones(4), weak, strong, exact], axis=1)
    assert most_telling(x, y, 4).tolist() == [3, 2, 1, 0]
    assert most_telling(x, y, 2).tolist() == [3, 2]
