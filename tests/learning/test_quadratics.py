"""Descent on quadratics: against closed forms along the eigenvectors."""

import numpy as np
import pytest

from relearn.learning import quadratics


@pytest.fixture
def made():
    generators = [np.random.default_rng(seed) for seed in range(3)]
    hessian = quadratics.hessians(generators, 4, 8.0)
    return hessian, np.random.default_rng(9).normal(size=(3, 4))


def test_hessians_are_symmetric_with_the_stated_eigenvalues_and_eigenvectors_of_their_own(made):
    hessian, _ = made
    np.testing.assert_allclose(hessian, hessian.swapaxes(1, 2), atol=1e-15)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [[0.125, 0.25, 0.5, 1.0]] * 3)
    assert np.abs(hessian[0] - hessian[1]).max() > 0.1


def test_gradient_is_the_central_difference_of_the_loss(made):
    hessian, z = made
    for axis in range(4):
        shift = 1e-3 * np.eye(4)[axis]
        rise = quadratics.loss(hessian, z + shift) - quadratics.loss(hessian, z - shift)
        np.testing.assert_allclose(quadratics.gradient(hessian, z)[:, axis], rise / 2e-3)


def test_descent_shrinks_each_eigendirection_by_its_own_factor(made):
    hessian, z = made
    values, vectors = np.linalg.eigh(hessian)
    parts = np.einsum("sij,si->sj", vectors, z)
    path = quadratics.descend(hessian, z, 0.3, 5)
    for step in range(6):
        left = parts * (1 - 0.6 * values) ** step
        np.testing.assert_allclose(path[:, step], 0.5 * (values * left**2).sum(-1))


def test_each_direction_takes_the_path_that_it_takes_in_a_plane_of_two(made):
    hessian, z = made
    values, vectors = np.linalg.eigh(hessian)
    parts = np.einsum("sij,tsi->tsj", vectors, quadratics.path(hessian, z, 0.8, 5))
    plane = quadratics.path(np.diag([0.125, 1.0])[None], np.ones((1, 2)), 0.8, 5)
    np.testing.assert_allclose((parts / parts[0])[..., [0, -1]], plane.repeat(3, axis=1))
    np.testing.assert_allclose(plane[:3, 0, 1], [1, -0.6, 0.36])


def test_the_level_set_is_the_ellipse_of_that_loss():
    ellipse = quadratics.level_set(np.diag([0.25, 1.0]), 2.0)
    assert ellipse.max(axis=0) == pytest.approx([4, 2]) and len(ellipse) == 121
    assert (ellipse[0] == ellipse[-1]).all()
    tilted = np.array([[2.0, 1.0], [1.0, 3.0]])
    np.testing.assert_allclose(quadratics.loss(tilted, quadratics.level_set(tilted, 5.0)), 5.0)


def test_updates_are_counted_to_the_first_loss_at_the_level():
    # One dimension that counts: each update leaves (1 - 2 × 0.25)² = 1/4 of the loss.
    hessian, z = np.eye(1)[None], np.array([[3.0]])
    assert quadratics.updates_until(hessian, z, 0.25, 1 / 4, 10) == [1]
    assert quadratics.updates_until(hessian, z, 0.25, 0.05, 10) == [3]
    assert quadratics.updates_until(hessian, z, 0.25, 0.05, 2) == [np.inf]


def test_the_largest_rate_is_the_inverse_of_half_the_largest_curvature(made):
    hessian, z = made
    for scale in (1.0, 0.5):
        found = quadratics.largest_rate(scale * hessian, z, 2000, 12, 4.0)
        np.testing.assert_allclose(found, 1 / scale, rtol=0.005)


def test_a_diverged_descent_says_nothing_and_is_not_finite(made):
    hessian, z = made
    assert not np.isfinite(quadratics.descend(hessian, z, 4.0, 500)[:, -1]).any()
