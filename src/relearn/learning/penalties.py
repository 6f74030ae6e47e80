"""Least squares with an L2 or an L1 penalty: the whole path over λ.

Both minimise Σ (y − Xw)² / 2n plus λ ‖w‖² / 2 or λ Σ |w_j|, with n the number of rows, so that one
λ means the same at any n. If XᵀX = n I, L2 divides each least-squares weight by 1 + λ, and L1 moves
it towards zero by λ, but not beyond (Hastie, Tibshirani and Friedman 2009, table 3.4).
"""

from __future__ import annotations

import numpy as np


def ridge_path(X: np.ndarray, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Return the L2 weights (L, d) of X (n, d) and y (n,) at each λ ≥ 0 (L,).

    λ = 0 needs columns that are linearly independent.
    """
    left, singular, right = np.linalg.svd(X, full_matrices=False)
    strengths = np.asarray(strengths)[:, None]
    return (left.T @ y * singular / (singular**2 + len(y) * strengths)) @ right


def lasso_path(X: np.ndarray, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """Return the L1 weights (L, d) at each λ > 0 (L,), by scikit-learn's coordinate descent."""
    from sklearn.linear_model import lasso_path as path

    order = np.argsort(strengths)[::-1]  # in which scikit-learn returns them
    _, weights, _ = path(X, y, alphas=np.asarray(strengths)[order], tol=1e-8, max_iter=100_000)
    found = np.empty(weights.T.shape)
    found[order] = weights.T
    return found
