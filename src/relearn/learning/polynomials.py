"""Least-squares polynomials in the monomial and in the Chebyshev basis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """One fit: mean squared errors, and what the solver saw of the design matrix."""

    train_mse: float
    test_mse: float
    rank: int
    columns: int
    condition: float


def monomial_fit(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, degree: int
) -> Fit:
    """Fit x, x², … x^degree with scikit-learn's PolynomialFeatures and LinearRegression.

    The solver centres each column, then drops directions whose singular value is below the
    largest one times the machine precision times the number of rows (scipy.linalg.lstsq); the
    constant column is zero after centring, so full rank is `degree`.
    """
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    model = make_pipeline(PolynomialFeatures(degree=degree), LinearRegression())
    model.fit(x_train[:, None], y_train)
    singular = model[-1].singular_[:degree]
    return Fit(
        np.mean((model.predict(x_train[:, None]) - y_train) ** 2),
        np.mean((model.predict(x_test[:, None]) - y_test) ** 2),
        int(model[-1].rank_),
        degree,
        singular[0] / singular[-1],
    )


def chebyshev_fit(
    x_train: np.ndarray, y_train: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, degree: int
) -> Fit:
    """Fit the same polynomials in Chebyshev's basis on [0, 2π], where the columns differ."""
    scale = np.pi
    design = np.polynomial.chebyshev.chebvander(x_train / scale - 1, degree)
    weights, _, rank, singular = np.linalg.lstsq(design, y_train, rcond=None)
    test = np.polynomial.chebyshev.chebvander(x_test / scale - 1, degree)
    return Fit(
        np.mean((design @ weights - y_train) ** 2),
        np.mean((test @ weights - y_test) ** 2),
        int(rank),
        degree + 1,
        singular[0] / singular[-1],
    )


FITS = {"monomial": monomial_fit, "chebyshev": chebyshev_fit}
