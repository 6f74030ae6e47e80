"""Least-squares polynomials in the monomial and in the Chebyshev basis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """One fit: mean squared errors, what the solver saw of the design matrix, and its weights.

    `weights` are (degree + 1,), one a column of the basis, the constant's first.
    """

    train_mse: float
    test_mse: float
    rank: int
    columns: int
    condition: float
    weights: np.ndarray


def monomial_fit(
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    degree: int,
    cutoff: float | None = None,
) -> Fit:
    """Fit x, x², … x^degree with scikit-learn's PolynomialFeatures and LinearRegression.

    The solver centres each column, then drops the directions whose singular value is below
    `cutoff` times the largest; absent, the installed scikit-learn's own (1e-6 in 1.9, machine
    precision times the rows up to 1.6). The constant is fitted by the centring and counted here.
    """
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    solver = LinearRegression() if cutoff is None else LinearRegression(tol=cutoff)
    model = make_pipeline(PolynomialFeatures(degree=degree), solver)
    model.fit(x_train[:, None], y_train)
    singular = model[-1].singular_[:degree]
    return Fit(
        np.mean((model.predict(x_train[:, None]) - y_train) ** 2),
        np.mean((model.predict(x_test[:, None]) - y_test) ** 2),
        int(model[-1].rank_) + 1,
        degree + 1,
        singular[0] / singular[-1],
        np.append(model[-1].intercept_, model[-1].coef_[1:]),
    )


def chebyshev_fit(
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    degree: int,
    cutoff: float | None = None,
) -> Fit:
    """Fit the same polynomials in Chebyshev's basis on [0, 2π], where the columns differ.

    `cutoff` as above; absent, machine precision times the larger side of the matrix.
    """
    design = chebyshev_columns(x_train, degree)
    weights, _, rank, singular = np.linalg.lstsq(design, y_train, rcond=cutoff)
    return Fit(
        np.mean((design @ weights - y_train) ** 2),
        np.mean((chebyshev_columns(x_test, degree) @ weights - y_test) ** 2),
        int(rank),
        degree + 1,
        singular[0] / singular[-1],
        weights,
    )


def chebyshev_columns(x: np.ndarray, degree: int) -> np.ndarray:
    """Return Chebyshev's polynomials up to a degree at x (n,) in [0, 2π], (n, degree + 1)."""
    return np.polynomial.chebyshev.chebvander(x / np.pi - 1, degree)


def nested_errors(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, truth: np.ndarray, degrees: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Fit several degrees to several sets of points at once, in Chebyshev's basis.

    The columns are nested, so one QR factorisation of the widest design holds every lower degree's:
    its columns are orthonormal, and a degree's fit is the sum of the first ones.

    Args:
        x, y: (S, n) points in [-1, 1] and their values; n above the largest degree.
        x_test, truth: (m,) points and the function there.
        degrees: the degrees to report.

    Returns:
        Training errors (S, degrees), mean squared; and distances (S, degrees) to the truth, mean
        squared over the test points: a test error less the variance of its noise.
    """
    fitted, predicted = nested_predictions(x, y, x_test, degrees)
    return (
        np.mean((fitted - y[..., None]) ** 2, axis=1),
        np.mean((predicted - truth[:, None]) ** 2, axis=1),
    )


def nested_predictions(
    x: np.ndarray, y: np.ndarray, x_test: np.ndarray, degrees: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Fit as `nested_errors` does; return values (S, n, degrees) at x, (S, m, degrees) at x_test.

    x_test is (m,), shared by all sets, or (S, m).
    """
    widest = max(degrees)
    q, r = np.linalg.qr(np.polynomial.chebyshev.chebvander(x, widest))
    weights = (q * y[..., None]).sum(axis=1, keepdims=True)
    test = np.polynomial.chebyshev.chebvander(x_test, widest)
    q_test = np.linalg.solve(r.swapaxes(1, 2), test.swapaxes(-1, -2)).swapaxes(1, 2)
    fitted = (q * weights).cumsum(axis=2)[..., degrees]
    return fitted, (q_test * weights).cumsum(axis=2)[..., degrees]


def legendre_powers(x: np.ndarray, degree: int) -> np.ndarray:
    """Return P₁(x), … P_degree(x) of each column of x (n, d) in [−1, 1], as (n, d · degree).

    They span the same functions as the powers x, x², … without being nearly collinear, and are
    scaled to unit variance for uniform x: √(2k + 1) P_k (Abramowitz and Stegun 22.2.10).
    """
    values = np.polynomial.legendre.legvander(x, degree)[..., 1:]
    values *= np.sqrt(2 * np.arange(1, degree + 1) + 1)
    return values.reshape(len(x), -1)


FITS = {"monomial": monomial_fit, "chebyshev": chebyshev_fit}


def basis_columns(x: np.ndarray, degree: int, basis: str, derivative: int = 0) -> np.ndarray:
    """Return the columns of degree 1 to `degree` at x (n,) in [−1, 1], or a derivative of them.

    Args:
        basis: "powers" (x, x², …) or "legendre" (scaled as in `legendre_powers`).
        derivative: how often each column is differentiated.
    """
    columns = []
    for k in range(1, degree + 1):
        if basis == "powers":
            column = np.polynomial.Polynomial.basis(k)
        else:
            column = np.polynomial.Legendre.basis(k) * np.sqrt(2 * k + 1)
        columns.append(column.deriv(derivative)(x) if derivative else column(x))
    return np.stack(columns, axis=1)


def roughness(weights: np.ndarray, basis: str) -> np.ndarray:
    """Return ∫ f″² over [−1, 1], (...), of the polynomials with these weights (..., degree).

    Exact: Gauss and Legendre's rule with as many nodes as the degree integrates twice the degree.
    """
    degree = weights.shape[-1]
    nodes, share = np.polynomial.legendre.leggauss(degree)
    second = weights @ basis_columns(nodes, degree, basis, derivative=2).T
    return second**2 @ share
