import numpy as np
import pytest

from relearn.learning import plane_boundaries as pb


def test_features_span_the_polynomials_of_their_degree():
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    features = pb.polynomial_features(points, 3)
    x, y = points.T
    powers = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], axis=1)
    assert features.shape == (50, 10) and np.linalg.matrix_rank(features) == 10
    assert np.linalg.matrix_rank(np.hstack([features, powers])) == 10
    assert np.abs(features).max() <= 1


def test_grid_rows_go_upwards():
    assert pb.grid(1).tolist() == [[-1, -1], [1, -1], [-1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("function", "length", "regions"),
    [
        (lambda x, y: x + 0.31, 2.0, 2),
        (lambda x, y: x - y + 0.001, 8**0.5, 2),
        (lambda x, y: x**2 + y**2 - 0.49, 2 * np.pi * 0.7, 2),
        (lambda x, y: x**2 - 0.25, 4.0, 3),
        (lambda x, y: 1 + 0 * x, 0.0, 1),
    ],
)
def test_boundaries_of_known_length(function, length, regions):
    values = function(*pb.grid(100).T).reshape(101, 101)
    assert pb.zero_length(values, 0.02) == pytest.approx(length, rel=2e-3)
    assert pb.sign_regions(values) == regions
