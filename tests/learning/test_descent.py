"""Descent over all seeds is descent on each: against a plain loop, NumPy and closed forms."""

import numpy as np
import pytest

from relearn.learning import descent


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, (5, 30))
    return x, 3 * x + 2 + rng.normal(size=(5, 30)), rng.normal(size=(5, 2))


def plain_loop(x, y, start, rate, batches):
    w, b = start
    path = [(w, b)]
    for batch in batches:
        error = [w * x[i] + b - y[i] for i in batch]
        step_w = 2 * sum(e * x[i] for e, i in zip(error, batch, strict=True)) / len(batch)
        step_b = 2 * sum(error) / len(batch)
        w, b = w - rate * step_w, b - rate * step_b
        path.append((w, b))
    return np.array(path)


def test_least_squares_is_polyfit(data):
    x, y, _ = data
    expected = [np.polyfit(a, b, 1) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(descent.least_squares(x, y), expected, rtol=1e-10)


def test_the_loss_rises_about_least_squares_as_its_second_derivatives_say(data):
    x, y, _ = data
    best, offset = descent.least_squares(x, y), np.array([0.3, -2.0])
    rise = np.einsum("i,sij,j->s", offset, descent.hessian(x), offset) / 2
    losses = [descent.mean_squared_error(x, y, each[:, None]) for each in (best + offset, best)]
    np.testing.assert_allclose((losses[0] - losses[1])[:, 0], rise)


def test_batch_descent_is_the_plain_loop_on_every_seed(data):
    x, y, start = data
    path = descent.descend(x, y, start, 0.01, 20)
    for seed in range(5):
        expected = plain_loop(x[seed], y[seed], start[seed], 0.01, [range(30)] * 20)
        np.testing.assert_allclose(path[seed], expected, rtol=1e-10)


def test_mini_batch_descent_sees_its_batches_only(data):
    x, y, start = data
    batches = np.random.default_rng(1).integers(30, size=(5, 20, 4))
    path = descent.descend(x, y, start, 0.01, 20, batches)
    for seed in range(5):
        expected = plain_loop(x[seed], y[seed], start[seed], 0.01, batches[seed])
        np.testing.assert_allclose(path[seed], expected, rtol=1e-10)


def test_a_seed_does_not_depend_on_its_neighbours(data):
    x, y, start = data
    together = descent.descend(x, y, start, 0.01, 50)
    alone = descent.descend(x[2:3], y[2:3], start[2:3], 0.01, 50)
    assert np.array_equal(together[2:3], alone)


def test_descent_converges_to_least_squares(data):
    x, y, start = data
    path = descent.descend(x, y, start, 0.02, 5000)
    np.testing.assert_allclose(path[:, -1], descent.least_squares(x, y), atol=1e-9)


def test_mean_squared_error_is_the_mean_of_the_squared_errors(data):
    x, y, start = data
    path = descent.descend(x, y, start, 0.01, 5)
    expected = [
        [np.mean((w * a + b - c) ** 2) for w, b in points]
        for a, c, points in zip(x, y, path, strict=True)
    ]
    np.testing.assert_allclose(descent.mean_squared_error(x, y, path), expected, rtol=1e-10)
