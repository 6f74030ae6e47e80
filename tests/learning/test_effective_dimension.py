"""Clouds whose dimension is known."""

import numpy as np
import pytest

from relearn.learning.effective_dimension import (
    needed_components,
    participation_ratio,
    unit_variance,
)

CROSS = np.concatenate([np.eye(3), -np.eye(3)])


@pytest.mark.parametrize(
    "scales, ratio, components",
    [([1, 1, 1], 3, 3), ([1, 1, 0], 2, 2), ([1, 0, 0], 1, 1), ([0, 0, 0], 0, 0)],
)
def test_equal_directions_count_fully(scales, ratio, components):
    points = CROSS * scales + 5  # the shift is no direction
    np.testing.assert_allclose(participation_ratio(points), ratio)
    assert needed_components(points, 0.99) == components


def test_weak_directions_count_partly():
    points = CROSS * [2, 1, 0]  # variances 4 : 1
    np.testing.assert_allclose(participation_ratio(points), 25 / 17)
    assert needed_components(points, 0.79) == 1
    assert needed_components(points, 0.81) == 2


def test_a_units_size_does_not_count_and_a_constant_unit_is_none():
    points = CROSS * [7, 1e-3, 0] + 5
    scaled = unit_variance(points)
    np.testing.assert_allclose(scaled.std(0), [1, 1, 0])
    np.testing.assert_allclose(participation_ratio(scaled), 2)
