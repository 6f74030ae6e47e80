"""A network by hand, its gradient by finite differences, and its collapse."""

import numpy as np
import pytest

from relearn.learning import linear_network as nets


@pytest.fixture
def network():
    return nets.orthogonal_start([2, 5, 3, 1], [np.random.default_rng(seed) for seed in (0, 1)])


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    return rng.normal(size=(2, 7, 2)), rng.normal(size=(2, 7, 1))


def test_two_layers_multiply_to_one_by_hand():
    weights = [np.array([[[1.0, 2.0]]]), np.array([[[3.0], [4.0]]])]
    biases = [np.array([[[5.0, 6.0]]]), np.array([[[7.0]]])]
    weight, bias = nets.collapse(nets.Network(weights, biases))
    assert weight.tolist() == [[[11.0]]]  # 1 × 3 + 2 × 4
    assert bias.tolist() == [[[46.0]]]  # 5 × 3 + 6 × 4 + 7


@pytest.mark.parametrize("activation", nets.ACTIVATIONS)
def test_gradient_is_the_slope_of_the_loss(network, data, activation):
    x, y = data

    def loss():
        return ((nets.forward(network, x, activation)[-1] - y) ** 2).mean((-1, -2))

    slopes = nets.gradient(network, x, y, activation)
    for values, slope in zip([*network[0], *network[1]], [*slopes[0], *slopes[1]], strict=True):
        values[:, 0, 0] += 1e-6
        above = loss()
        values[:, 0, 0] -= 2e-6
        below = loss()
        values[:, 0, 0] += 1e-6
        np.testing.assert_allclose(slope[:, 0, 0], (above - below) / 2e-6, atol=1e-8)


def test_only_without_activation_is_the_collapse_the_network(network, data):
    weight, bias = nets.collapse(network)
    collapsed = data[0] @ weight + bias
    np.testing.assert_allclose(nets.forward(network, data[0], "identity")[-1], collapsed)
    assert np.abs(nets.forward(network, data[0], "relu")[-1] - collapsed).max() > 0.1


def test_training_ends_at_the_affine_fit_of_lstsq(network, data):
    x, y = data
    trained = nets.train(network, x, y, "identity", rate=0.05, momentum=0.9, steps=2000)
    error = ((nets.forward(trained, x, "identity")[-1] - y) ** 2).mean((-1, -2))
    for index in range(2):
        columns = np.column_stack([x[index], np.ones(7)])
        left = np.linalg.lstsq(columns, y[index], rcond=None)[1] / 7
        np.testing.assert_allclose(nets.affine_least_squares(x, y)[index], left[0])
        np.testing.assert_allclose(error[index], left[0], rtol=1e-9)
