"""Readouts and descent through them: against autograd, finite differences and literal values."""

import numpy as np
import pytest

from relearn.learning import readouts


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=(3, 40))
    points = rng.normal(size=(3, 40, 2))
    points[..., 0] += 2 * labels
    return points, labels, rng.normal(size=(3, 3))


def test_width_zero_is_the_limit_of_small_widths():
    score = np.array([-2.0, -0.1, 0.1, 2.0])
    np.testing.assert_array_equal(readouts.readout(score, 0.0), [0, 0, 1, 1])
    np.testing.assert_allclose(readouts.readout(score, 1e-3), [0, 0, 1, 1], atol=1e-12)
    assert readouts.readout(np.zeros(1), 0.0) == 1.0
    assert readouts.readout(np.array([np.log(3)]), 1.0) == pytest.approx(0.75)


@pytest.mark.parametrize("width", [0.0, 0.5, 1.0])
def test_the_slope_is_that_of_finite_differences(width):
    score = np.array([-1.7, -0.2, 0.3, 2.2])
    around = [readouts.readout(score + sign * 1e-6, width) for sign in (1, -1)]
    expected = (around[0] - around[1]) / 2e-6
    np.testing.assert_allclose(readouts.slope(score, width), expected, atol=1e-8)


@pytest.mark.parametrize("width", [0.5, 1.0])
def test_descent_follows_autograd(data, width):
    torch = pytest.importorskip("torch")
    points, labels, start = data
    weights = torch.tensor(start, requires_grad=True)
    scores = (torch.tensor(points) * weights[:, None, :2]).sum(-1) + weights[:, 2:]
    loss = ((torch.sigmoid(scores / width) - torch.tensor(labels)) ** 2).mean(-1)
    loss.sum().backward()
    path = readouts.descend(points, labels, start, width, 0.3, 1)
    np.testing.assert_allclose(path[:, 1], start - 0.3 * weights.grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(
        readouts.squared_loss(start, points, labels, width), loss.detach().numpy(), rtol=1e-12
    )


def test_through_the_step_the_loss_is_flat_and_descent_stays(data):
    points, labels, start = data
    near = start + 1e-9 * np.random.default_rng(1).normal(size=start.shape)
    losses = [readouts.squared_loss(w, points, labels, 0.0) for w in (start, near)]
    np.testing.assert_array_equal(*losses)
    path = readouts.descend(points, labels, start, 0.0, 10.0, 5)
    assert (path == start[:, None]).all()


def test_reliability_compares_outputs_with_frequencies():
    output = np.array([-0.2, 0.2, 0.2, 0.9, 1.4])
    labels = np.array([0, 0, 1, 1, 1])
    frequencies, error = readouts.reliability(output, labels, 4)
    np.testing.assert_allclose(
        frequencies, [[0.2 / 3, np.nan, np.nan, 1.15], [1 / 3, np.nan, np.nan, 1]]
    )
    assert error == pytest.approx((3 * (1 / 3 - 0.2 / 3) + 2 * 0.15) / 5)
