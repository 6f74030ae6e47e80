"""Distances against closed forms, SciPy and plain loops."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from relearn.learning.sample_quality import Referee, frechet_distance, nearest
from relearn.learning.stack import perceptrons


def test_frechet_distance_is_the_formula_with_scipys_matrix_root():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)), rng.normal(1, 2, (150, 5))
    first, second = np.cov(a.T), np.cov(b.T)
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2)
    expected += np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_a_shift_and_of_a_stretch():
    a = np.random.default_rng(1).normal(size=(100, 3))
    a[:, 2] = 0  # a feature that is always silent
    assert frechet_distance(a, a + [3, 0, 4]) == pytest.approx(25)
    twice = 2 * (a - a.mean(0)) + a.mean(0)
    assert frechet_distance(a, twice) == pytest.approx(np.trace(np.cov(a.T)))


def test_nearest_is_a_plain_loops():
    rng = np.random.default_rng(2)
    images, others = (rng.integers(0, 256, (n, 4, 3)).astype(np.uint8) for n in (7, 9))
    images[3] = others[5]
    distances, indices = nearest(images, others)
    for image, distance, index in zip(images, distances, indices, strict=True):
        all_of_them = [np.linalg.norm((image / 255 - other / 255).ravel()) for other in others]
        assert index == np.argmin(all_of_them)
        assert distance == pytest.approx(min(all_of_them), abs=1e-3)


def test_a_referee_sees_what_goes_into_the_last_layer():
    networks = perceptrons([12, 6, 3], [torch.Generator().manual_seed(0)])
    images = np.random.default_rng(3).integers(0, 256, (520, 4, 3)).astype(np.uint8)
    features, classes = Referee(networks, 0.4, 0.3).seen(images)
    x = torch.from_numpy((images.reshape(520, -1) / 255 - 0.4) / 0.3)
    first, last = (networks.layers[index].values for index in (0, 2))
    hidden = torch.relu(x @ first[0][0].double() + first[1][0])
    np.testing.assert_allclose(features, hidden, atol=1e-5)
    logits = (hidden @ last[0][0].double() + last[1][0])[:, :3]
    assert classes.tolist() == logits.argmax(1).tolist()
