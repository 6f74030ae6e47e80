"""The four activation functions and their derivatives, elementwise on NumPy arrays."""

from __future__ import annotations

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return the logistic function, 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x: np.ndarray) -> np.ndarray:
    """Return s(x) (1 - s(x)); at most 1/4, at x = 0."""
    return sigmoid(x) * (1 - sigmoid(x))


def tanh(x: np.ndarray) -> np.ndarray:
    """Return the hyperbolic tangent."""
    return np.tanh(x)


def tanh_derivative(x: np.ndarray) -> np.ndarray:
    """Return 1 - tanh(x)²; at most 1, at x = 0."""
    return 1 - np.tanh(x) ** 2


def relu(x: np.ndarray) -> np.ndarray:
    """Return max(0, x)."""
    return np.maximum(0, x)


def relu_derivative(x: np.ndarray) -> np.ndarray:
    """Return 1 where x > 0 and else 0 (the subgradient that autograd takes at 0)."""
    return np.where(x > 0, 1.0, 0.0)


def leaky_relu(x: np.ndarray, alpha: float) -> np.ndarray:
    """Return x where x > 0 and else alpha x."""
    return np.where(x > 0, x, alpha * x)


def leaky_relu_derivative(x: np.ndarray, alpha: float) -> np.ndarray:
    """Return 1 where x > 0 and else alpha."""
    return np.where(x > 0, 1.0, alpha)


def curves(x: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    """Return each function's values at x, by name."""
    return {
        "sigmoid": sigmoid(x),
        "tanh": tanh(x),
        "relu": relu(x),
        "leaky_relu": leaky_relu(x, alpha),
    }


def derivatives(x: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    """Return each function's derivative at x, by name."""
    return {
        "sigmoid": sigmoid_derivative(x),
        "tanh": tanh_derivative(x),
        "relu": relu_derivative(x),
        "leaky_relu": leaky_relu_derivative(x, alpha),
    }
