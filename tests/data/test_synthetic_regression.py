"""The made regression data: its variances, and the error on fresh samples."""

import numpy as np

from relearn.data.synthetic import GaussianRegression

DATA = GaussianRegression(samples=200_000, features=3, condition=16.0, noise=0.5)


def test_features_and_noise_have_the_stated_variances():
    x, y, w = DATA.draw([np.random.default_rng(2)])
    np.testing.assert_allclose(x[0].var(axis=0), [1 / 16, 1 / 4, 1], rtol=0.02)
    np.testing.assert_allclose(np.var(y[0] - x[0] @ w[0]), 0.25, rtol=0.02)


def test_the_risk_is_the_error_on_many_fresh_samples():
    x, y, w = DATA.draw([np.random.default_rng(3)])
    guess = w + np.array([[0.3, -1.0, 0.5]])
    np.testing.assert_allclose(
        DATA.risk(guess, w), np.mean((y - (x @ guess[..., None])[..., 0]) ** 2), rtol=0.02
    )
