"""Linear classifiers with and without an L2 penalty, and pixels ranked by what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


class LeastSquaresClassifier:
    """Least squares on one-hot labels; the class with the largest output is the answer.

    Minimises ‖Y − XW − b‖² + λ‖W‖², with b unpenalised (Hastie, Tibshirani and Friedman 2009, The
    Elements of Statistical Learning, 4.2 and 3.4.1). With λ = 0 it is the minimiser with the
    smallest weights, which passes through every point where the features can tell all apart.

    Args:
        strength: λ, at least 0.
    """

    def __init__(self, strength: float = 0.0):
        self._strength = strength

    def fit(self, x: np.ndarray, y: np.ndarray) -> LeastSquaresClassifier:
        """Fit to x (n, d) and integer labels y (n,); return itself."""
        self.classes_ = np.unique(y)
        targets = (y[:, None] == self.classes_).astype(float)
        self._centre, self._intercept = x.mean(0, dtype=float), targets.mean(0)
        left, singular, right = np.linalg.svd(x - self._centre, full_matrices=False)
        # Directions of rounding error alone would get enormous weights.
        kept = singular > singular[0] * max(x.shape) * np.finfo(float).eps
        left, singular, right = left[:, kept], singular[kept], right[kept]
        shrunk = singular / (singular**2 + self._strength)
        self.coef_ = right.T @ (shrunk[:, None] * (left.T @ (targets - self._intercept)))
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the labels (m,) of x (m, d)."""
        return self.classes_[((x - self._centre) @ self.coef_ + self._intercept).argmax(1)]


def softmax(strength: float = 0.0) -> LogisticRegression:
    """Return multinomial logistic regression: summed cross-entropy + λ/2 ‖W‖², by L-BFGS.

    With λ = 0 and separable data there is no minimum: the weights grow until the gradient of the
    mean loss is below 1e-4 in every place, or for 300 iterations.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1 / strength if strength else np.inf, max_iter=300, tol=1e-4)


def most_telling(x: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the `count` columns of x (n, d) with the largest F against y (n,).

    F is that of the one-way analysis of variance; a column that never varies comes last.
    """
    from sklearn.feature_selection import f_classif

    scores = np.full(x.shape[1], -1.0)
    varies = np.ptp(x, axis=0) > 0
    with np.errstate(divide="ignore"):  # a column that tells the classes exactly has F = ∞
        scores[varies] = f_classif(x[:, varies], y)[0]
    return np.argsort(-scores, kind="stable")[:count]
