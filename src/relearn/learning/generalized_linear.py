"""Linear, log-linear and generalised linear fits of one feature, and Duan's smearing factor."""

from __future__ import annotations

import numpy as np

from relearn.learning.descent import least_squares


def identity_fit(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the least-squares line through x, y (n,), evaluated at `at` (m,)."""
    slope, intercept = least_squares(x, y)
    return slope * at + intercept


def log_linear_fit(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit ln y = w x + b by least squares and go back with the exponential function.

    The exponential of a fitted mean of ln y is no mean of y but, for normal residuals, its median.
    Duan's smearing factor, the mean of the residuals' exponentials, corrects it without assuming
    them normal (Duan 1983, JASA 78, 605-610).

    Args:
        x, y: (n,) data, each y > 0.
        at: (m,) places to predict at.

    Returns:
        the naive predictions (m,) and the factor that corrects them.
    """
    slope, intercept = least_squares(x, np.log(y))
    smearing = np.mean(y / np.exp(slope * x + intercept))
    return np.exp(slope * at + intercept), float(smearing)


def link_fit(x: np.ndarray, y: np.ndarray, at: np.ndarray, family: str) -> np.ndarray:
    """Fit a generalised linear model without penalty and predict the mean at `at` (m,).

    The link is the logarithm, or the logit for "binary"; the variance function is that of the
    family: constant (normal), m (Poisson), m² (gamma, and lognormal, which has it too) or
    m (1 - m). McCullagh and Nelder, Generalized Linear Models, 2nd ed., chapter 2.
    """
    from sklearn.linear_model import LogisticRegression, TweedieRegressor

    if family == "binary":
        model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(x[:, None], y)
        return model.predict_proba(at[:, None])[:, 1]
    power = {"normal": 0, "poisson": 1, "gamma": 2, "lognormal": 2}[family]
    # Scaled by the mean of y, the start (the constant fit) and the tolerance suit any unit.
    unit = y.mean()
    model = TweedieRegressor(power=power, link="log", alpha=0, tol=1e-7, max_iter=1000)
    return unit * model.fit(x[:, None], y / unit).predict(at[:, None])
