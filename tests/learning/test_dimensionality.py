"""Cells, companions and distances: against plain loops, the exact law and simulation."""

import numpy as np
import pytest

from relearn.learning import dimensionality


def test_occupancy_counts_cells_and_companions():
    points = np.array([[0.1, 0.1], [0.2, 0.4], [0.9, 0.1], [0.3, 0.3], [1.0, 1.0]])
    assert dimensionality.occupancy(points, 2) == (3, (2 + 2 + 2 + 0 + 0) / 5)
    assert dimensionality.occupancy(points[:, :1], 2) == (2, (2 + 2 + 2 + 1 + 1) / 5)


def test_more_cells_than_any_array_could_hold():
    points = np.random.default_rng(0).random((50, 300))
    assert dimensionality.occupancy(points, 10) == (50, 0.0)


@pytest.mark.parametrize("samples, cells, dimension", [(30, 2, 3), (30, 3, 4)])
def test_the_occupied_share_is_the_laws_on_average(samples, cells, dimension):
    rng = np.random.default_rng(0)
    counts = [
        dimensionality.occupancy(rng.random((samples, dimension)), cells)[0] for _ in range(2000)
    ]
    law = dimensionality.expected_occupied_share(samples, cells, dimension)
    assert np.mean(counts) / cells**dimension == pytest.approx(law, rel=0.01)
    assert law == pytest.approx(1 - (1 - cells**-dimension) ** samples)


def test_distance_ratios_are_those_of_a_plain_loop():
    rng = np.random.default_rng(0)
    points, queries = rng.random((20, 4)), rng.random((3, 4))
    got = dimensionality.distance_ratios(points, queries)
    for row, query in enumerate(queries):
        for d in range(1, 5):
            distances = [np.linalg.norm(point[:d] - query[:d]) for point in points]
            assert got[row, d - 1] == pytest.approx(min(distances) / max(distances))


def test_the_distance_law_holds_in_many_dimensions():
    rng = np.random.default_rng(0)
    points, queries = rng.random((500, 300)), rng.random((40, 300))
    got = dimensionality.distance_ratios(points, queries).mean(axis=0)
    for d, tolerance in ((30, 0.05), (300, 0.01)):
        law = dimensionality.asymptotic_distance_ratio(500, d)
        assert got[d - 1] == pytest.approx(law, rel=tolerance)


def test_a_bent_sheet_lies_in_the_cube_and_has_two_dimensions():
    rng = np.random.default_rng(0)
    directions, phases = rng.uniform(0, np.pi, (2, 12))
    place = rng.random((200, 2))
    points = dimensionality.bent_sheet(place, directions, phases)
    assert points.shape == (200, 12) and points.min() >= 0 and points.max() <= 1
    near = dimensionality.bent_sheet(
        place[:1] + 1e-5 * rng.normal(size=(50, 2)), directions, phases
    )
    singular = np.linalg.svd(near - near.mean(axis=0), compute_uv=False)
    assert singular[2] < 1e-3 * singular[1]
