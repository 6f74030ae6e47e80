"""Mini-batch descent and its noise: against a plain loop, NumPy, scikit-learn and enumeration."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from relearn.learning import minibatches

S, N, D = 3, 12, 4


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(S, N, D)), rng.normal(size=(S, N))
    return minibatches.problem(x, y), rng.normal(size=(S, D))


def mean_squares(problem, w):
    return np.mean((np.einsum("snd,sd->sn", problem.x, w) - problem.y) ** 2, axis=1)


def test_the_best_is_scikit_learns_and_the_floor_its_loss(made):
    problem, _ = made
    for x, y, best in zip(problem.x, problem.y, problem.best, strict=True):
        fit = LinearRegression(fit_intercept=False).fit(x, y)
        np.testing.assert_allclose(best, fit.coef_, rtol=1e-9)
    np.testing.assert_allclose(problem.floor, mean_squares(problem, problem.best))


def test_the_loss_is_the_mean_squared_error(made):
    problem, w = made
    found = problem.loss(np.stack([w, 2 * w])[:, :, None])[:, :, 0]
    np.testing.assert_allclose(found, [mean_squares(problem, w), mean_squares(problem, 2 * w)])


@pytest.mark.parametrize("decay", [False, True])
def test_descent_is_the_plain_loop_on_every_seed_and_rate(made, decay):
    problem, start = made
    batches = np.random.default_rng(1).integers(N, size=(S, 6, 2))
    path = minibatches.descend(problem, start, np.array([0.1, 0.02]), 6, batches, 3, decay)
    assert path.shape == (2, S, 3, D)
    for r, rate in enumerate((0.1, 0.02)):
        for s in range(S):
            w = start[s]
            for update, batch in enumerate(batches[s]):
                step = sum(
                    2 * (problem.x[s, i] @ w - problem.y[s, i]) * problem.x[s, i] for i in batch
                )
                w = w - (rate * (1 - update / 6) if decay else rate) * step / 2
                if update == 2:
                    np.testing.assert_allclose(path[r, s, 1], w)
            np.testing.assert_allclose(path[r, s, 2], w)


def test_full_batches_are_a_batch_of_all_samples(made):
    problem, start = made
    everyone = np.tile(np.arange(N), (S, 5, 1))
    full = minibatches.descend(problem, start, np.array([0.05]), 5)
    np.testing.assert_allclose(
        full, minibatches.descend(problem, start, np.array([0.05]), 5, everyone)
    )


def test_the_samples_gradients_average_to_that_of_the_loss(made):
    problem, w = made
    for axis in range(D):
        shift = 1e-4 * np.eye(D)[axis]
        rise = mean_squares(problem, w + shift) - mean_squares(problem, w - shift)
        found = minibatches.sample_gradients(problem, w).mean(1)[:, axis]
        np.testing.assert_allclose(found, rise / 2e-4, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("replacement", [True, False])
def test_the_noise_over_every_batch_is_the_laws(made, size, replacement):
    gradients = minibatches.sample_gradients(*made)[:, :5]
    every = minibatches.all_batches(5, size, replacement)
    assert len(every) == (5**size if replacement else [5, 10, 10][size - 1])
    means = np.stack([gradients[:, list(batch)].mean(1) for batch in every], axis=1)
    expected = np.square(means - gradients.mean(1, keepdims=True)).sum(-1).mean(-1)
    np.testing.assert_allclose(minibatches.noise(gradients, every), expected)
    np.testing.assert_allclose(minibatches.noise_law(gradients, size, replacement), expected)


def test_the_laws_error_is_nothing_but_rounding(made, monkeypatch):
    gradients = minibatches.sample_gradients(*made)[:, :5]
    assert minibatches.law_error(gradients).max() < 1e-12
    right = minibatches.noise_law
    monkeypatch.setattr(minibatches, "noise_law", lambda *given: 1.01 * right(*given))
    np.testing.assert_allclose(minibatches.law_error(gradients), 1 - 1 / 1.01)


def test_multiply_adds_of_seven_updates_of_five_samples_with_ten_features():
    # 7 × (5 errors + 5 gradients + 1 step) × 10
    assert minibatches.multiply_adds(np.array([7.0]), 5, 10).tolist() == [770.0]
