"""Literal values, and derivatives against central differences."""

import numpy as np
import pytest

from relearn.learning import activations


def test_literal_values():
    x = np.array([-1.0, 0.0, 2.0])
    curves = activations.curves(x, alpha=0.1)
    np.testing.assert_allclose(curves["sigmoid"], [0.2689414213699951, 0.5, 0.8807970779778823])
    np.testing.assert_allclose(curves["tanh"], [-0.7615941559557649, 0.0, 0.9640275800758169])
    np.testing.assert_array_equal(curves["relu"], [0.0, 0.0, 2.0])
    np.testing.assert_allclose(curves["leaky_relu"], [-0.1, 0.0, 2.0])


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu"])
def test_derivative_is_the_slope(name):
    x = np.linspace(-5, 5, 100)  # no point is 0, where two of the four have a corner
    width = 1e-5
    above, below = (activations.curves(x + shift, 0.1)[name] for shift in (width, -width))
    slope = (above - below) / (2 * width)
    np.testing.assert_allclose(activations.derivatives(x, 0.1)[name], slope, atol=1e-9)


def test_largest_derivatives_are_a_quarter_and_one():
    at_zero = activations.derivatives(np.array([0.0]), 0.1)
    assert at_zero["sigmoid"][0] == 0.25
    assert at_zero["tanh"][0] == 1.0
