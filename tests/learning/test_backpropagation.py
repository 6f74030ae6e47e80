"""The worked example in numbers that anyone can check on paper, and its gradients three ways."""

import numpy as np

from relearn.learning import backpropagation

X, Y = np.array([0.5, 1.0]), np.array(0.8)
W = np.array([1.0, 0.5, 0.5, 0.7, 1.0, 2.0])


def test_forward_pass_of_the_worked_example():
    hidden, prediction, loss = backpropagation.forward(X, Y, W)
    np.testing.assert_allclose(hidden, [1.0, 0.95], atol=1e-15)
    np.testing.assert_allclose(prediction, 2.9, atol=1e-15)
    np.testing.assert_allclose(loss, 2.205, atol=1e-14)


def test_gradient_of_the_worked_example():
    # error 2.1; w1: 2.1·1·0.5, w2: 2.1·1·1, w3: 2.1·2·0.5, w4: 2.1·2·1, w5: 2.1·1, w6: 2.1·0.95
    expected = [1.05, 2.1, 2.1, 4.2, 2.1, 1.995]
    np.testing.assert_allclose(backpropagation.gradient(X, Y, W), expected, atol=1e-14)


def test_gradient_equals_autograd_and_finite_differences():
    rng = np.random.default_rng(3)
    x, y, w = rng.normal(size=(50, 2)), rng.normal(size=50), rng.normal(size=(50, 6))
    gradient = backpropagation.gradient(x, y, w)
    np.testing.assert_allclose(gradient, backpropagation.autograd(x, y, w), atol=1e-13)
    differences = backpropagation.finite_differences(x, y, w, 1e-3)
    np.testing.assert_allclose(gradient, differences, atol=1e-10)
