import numpy as np
import pytest
import torch

from relearn.data.synthetic import circle_points, xor_points
from relearn.learning import hidden_layer as hl

TORCH = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda z: z}


def networks(count=3, hidden=4):
    return hl.start([np.random.default_rng(i) for i in range(count)], 2, hidden, 0.8)


@pytest.mark.parametrize("activation", hl.ACTIVATIONS)
def test_gradients_are_autograds(activation):
    x, y = circle_points(7, 0.4)
    leaves = [torch.from_numpy(each).requires_grad_() for each in networks()]
    w, b, v, c = leaves
    score = (TORCH[activation](torch.from_numpy(x) @ w + b) @ v + c)[..., 0]
    losses = torch.nn.functional.softplus(-torch.from_numpy(y) * score).mean(-1)
    losses.sum().backward()
    np.testing.assert_allclose(hl.loss(networks(), x, y, activation), losses.detach())
    for ours, leaf in zip(hl.gradient(networks(), x, y, activation), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad, atol=1e-15)


def test_a_step_is_the_rate_times_the_gradient_and_networks_do_not_mix():
    x, y = xor_points()
    before = networks()
    slopes = hl.gradient(before, x, y, "tanh")
    after = hl.descend(before, x, y, "tanh", 0.5, 1)
    np.testing.assert_allclose(after.w, before.w - 0.5 * slopes.w)
    alone = hl.descend(hl.Networks(*(each[1:2] for each in before)), x, y, "tanh", 0.5, 20)
    together = hl.descend(before, x, y, "tanh", 0.5, 20)
    np.testing.assert_array_equal(alone.w[0], together.w[1])


def test_errors_of_the_textbook_solution_of_xor():
    # h1 fires above x1 + x2 = −1, h2 above 1; the class is h1 and not h2.
    solution = hl.Networks(
        np.full((1, 2, 2), 20.0),
        np.array([[[20.0, -20.0]]]),
        np.array([[[2.0], [-2.0]]]),
        np.array([[[-1.0]]]),
    )
    x, y = xor_points()
    assert hl.errors(solution, x, y, "sigmoid").tolist() == [0]
    assert hl.errors(solution._replace(c=np.array([[[1.0]]])), x, y, "sigmoid").tolist() == [2]
