"""Penalised least squares against scikit-learn, its optimality conditions and the closed forms."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from relearn.learning import penalties

STRENGTHS = np.array([0.5, 0.01, 0.1])  # in no order


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6))
    return X, X[:, 0] - X[:, 1] + rng.normal(size=40)


def test_l2_is_scikit_learns_ridge_with_the_sum_of_squares(data):
    X, y = data
    for weights, strength in zip(penalties.ridge_path(X, y, STRENGTHS), STRENGTHS, strict=True):
        ridge = Ridge(alpha=len(y) * strength, fit_intercept=False).fit(X, y)
        np.testing.assert_allclose(weights, ridge.coef_, rtol=1e-9)


def test_no_penalty_is_least_squares(data):
    (weights,) = penalties.ridge_path(*data, [0.0])
    np.testing.assert_allclose(weights, np.linalg.lstsq(*data, rcond=None)[0], rtol=1e-9)


def test_l1_meets_its_optimality_conditions(data):
    X, y = data
    for weights, strength in zip(penalties.lasso_path(X, y, STRENGTHS), STRENGTHS, strict=True):
        slope = X.T @ (y - X @ weights) / len(y)
        np.testing.assert_allclose(
            slope[weights != 0], strength * np.sign(weights[weights != 0]), atol=1e-5
        )
        assert (np.abs(slope) <= strength + 1e-5).all()
    assert (penalties.lasso_path(X, y, [10.0]) == 0).all()


def test_orthonormal_columns_give_the_closed_forms():
    rng = np.random.default_rng(1)
    X = np.sqrt(30) * np.linalg.qr(rng.normal(size=(30, 4)))[0]
    y = X @ [1.0, 0.3, -0.2, 0.0]
    for strength in STRENGTHS:
        (l2,), (l1,) = (
            path(X, y, [strength]) for path in (penalties.ridge_path, penalties.lasso_path)
        )
        np.testing.assert_allclose(l2, np.array([1.0, 0.3, -0.2, 0.0]) / (1 + strength), atol=1e-12)
        soft = [max(1 - strength, 0), max(0.3 - strength, 0), min(strength - 0.2, 0), 0]
        np.testing.assert_allclose(l1, soft, atol=1e-9)
