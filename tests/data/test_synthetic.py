"""Made data is what its description says: by hand where that can be done, else over many draws."""

import numpy as np
import pytest

from relearn.data.synthetic import (
    LinkedTarget,
    NoisyLine,
    Surface,
    TwoClouds,
    circle_points,
    separated_points,
    xor_points,
)

MANY = 100_000


class TestNoisyLine:
    LINE = NoisyLine(samples=MANY, extent=2.0, slope=3.0, intercept=4.0, noise=0.5)

    def test_x_is_uniform_and_the_noise_is_normal_about_the_line(self):
        (x,), (y,) = self.LINE.draw([np.random.default_rng(1)])
        assert (x.min(), x.mean(), x.max()) == pytest.approx((0, 1, 2), abs=0.01)
        noise = y - (3 * x + 4)
        assert (noise.mean(), noise.std()) == pytest.approx((0, 0.5), abs=0.01)
        assert np.mean(np.abs(noise) < 0.5) == pytest.approx(0.6827, abs=0.01)
        assert np.corrcoef(x, noise)[0, 1] == pytest.approx(0, abs=0.01)

    def test_a_row_is_what_its_generator_gives_alone(self):
        x, y = self.LINE.draw([np.random.default_rng(1), np.random.default_rng(2)])
        (alone_x,), (alone_y,) = self.LINE.draw([np.random.default_rng(2)])
        assert x.shape == y.shape == (2, MANY)
        np.testing.assert_array_equal(x[1], alone_x)
        np.testing.assert_array_equal(y[1], alone_y)

    def test_the_listing_draws_x_first_in_columns(self):
        x, y = NoisyLine(5, 2.0, 3.0, 4.0, 0.5).draw_as_listed(np.random.RandomState(42))
        draws = np.random.RandomState(42)
        np.testing.assert_array_equal(x, 2 * draws.rand(5, 1))
        np.testing.assert_allclose(y, 4 + 3 * x + 0.5 * draws.randn(5, 1), rtol=1e-15)


class TestLinkedTarget:
    def test_the_mean_by_hand(self):
        x = np.array([0.0, 1.0])
        linked = LinkedTarget("normal", np.log(2), np.log(3), 0.1)
        assert linked.mean(x) == pytest.approx([2, 6])
        assert LinkedTarget("binary", 0.0, np.log(3), 0.1).mean(x) == pytest.approx([0.5, 0.75])

    @pytest.mark.parametrize(
        ("family", "spread"),
        [
            ("normal", lambda mean: 0.3),
            ("lognormal", lambda mean: mean * np.sqrt(np.exp(0.3**2) - 1)),
            ("poisson", np.sqrt),
            ("gamma", lambda mean: 0.3 * mean),
            ("binary", lambda mean: np.sqrt(mean * (1 - mean))),
        ],
    )
    def test_mean_and_spread_at_both_ends(self, family, spread):
        linked = LinkedTarget(family, 0.5, 1.0, 0.3)
        x, y = linked.draw(np.random.default_rng(3), MANY)
        assert (x.min(), x.mean(), x.max()) == pytest.approx((0, 0.5, 1), abs=0.01)
        for part in (x < 0.2, x > 0.8):
            mean = linked.mean(x[part])
            error = (y[part] - mean) / spread(mean)
            assert (error.mean(), error.std()) == pytest.approx((0, 1), abs=0.03)

    def test_counts_are_whole_and_answers_0_or_1(self):
        _, counts = LinkedTarget("poisson", 0.5, 1.0, 0.3).draw(np.random.default_rng(3), 1000)
        assert counts.dtype == float and np.all(counts == np.round(counts)) and counts.max() > 2
        _, answers = LinkedTarget("binary", 0.5, 1.0, 0.3).draw(np.random.default_rng(3), 1000)
        assert set(answers) == {0.0, 1.0}

    def test_the_logarithm_of_the_lognormal_is_normal(self):
        linked = LinkedTarget("lognormal", 0.5, 1.0, 0.3)
        x, y = linked.draw(np.random.default_rng(3), MANY)
        z = (np.log(y) - (0.5 + x) + 0.3**2 / 2) / 0.3
        assert (np.mean(z), np.mean(z**2), np.mean(z**3)) == pytest.approx((0, 1, 0), abs=0.03)


class TestTwoClouds:
    def test_two_unit_clouds_of_equal_size_about_their_centres(self):
        points, label = TwoClouds(3.0, 0.0, 10.0).draw(np.random.default_rng(4), MANY)
        assert set(label) == {0, 1} and label.mean() == pytest.approx(0.5, abs=0.01)
        for side, centre in ((0, (-1.5, 0)), (1, (1.5, 0))):
            assert points[label == side].mean(axis=0) == pytest.approx(centre, abs=0.02)
            assert points[label == side].std(axis=0) == pytest.approx((1, 1), abs=0.02)

    def test_far_points_are_a_share_of_class_1_beyond_its_centre(self):
        points, label = TwoClouds(3.0, 0.25, 50.0).draw(np.random.default_rng(4), MANY)
        far = points[:, 0] > 25
        assert not far[label == 0].any()
        assert far[label == 1].mean() == pytest.approx(0.25, abs=0.01)
        assert points[far].mean(axis=0) == pytest.approx((51.5, 0), abs=0.03)
        assert points[~far & (label == 1)].mean(axis=0) == pytest.approx((1.5, 0), abs=0.03)


def test_separated_points_keep_their_distance_from_a_plane_through_the_middle():
    x, y = separated_points(np.random.default_rng(5), 2000, 3, margin=0.2)
    assert x.shape == (2000, 3) and y.shape == (2000,)
    assert (x.min(), x.max()) == pytest.approx((-1, 1), abs=0.01)
    draws = np.random.default_rng(5)
    normal = draws.normal(size=3)
    distance = x @ normal / np.linalg.norm(normal) + draws.uniform(-0.25, 0.25)
    np.testing.assert_array_equal(y, np.sign(distance))
    assert set(y) == {-1, 1}
    assert np.abs(distance).min() == pytest.approx(0.2, abs=0.001)
    assert np.abs(distance).min() > 0.2


def test_the_corners_of_xor():
    x, y = xor_points()
    assert x.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]] and x.dtype == float
    assert y.tolist() == [-1, 1, 1, -1]


def test_two_circles_of_four_points():
    x, y = circle_points(4, 0.5)
    ring = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
    np.testing.assert_allclose(x, [*ring, *(0.5 * ring)], atol=1e-15)
    assert y.tolist() == [-1, -1, -1, -1, 1, 1, 1, 1]


def drawn(beyond):
    surface = Surface(4, beyond).draw(np.random.default_rng(1))
    return surface, surface.points(200_000, np.random.default_rng(2))


def test_the_linear_part_is_shared_and_has_unit_variance():
    surface, x = drawn("nothing")
    np.testing.assert_allclose(surface(x), x @ surface.linear)
    assert surface(x).var() == pytest.approx(1, abs=0.02)
    for beyond in ("products", "powers"):
        np.testing.assert_array_equal(drawn(beyond)[0].linear, surface.linear)


@pytest.mark.parametrize("beyond", ["products", "powers"])
def test_the_part_beyond_has_unit_variance_and_no_slope(beyond):
    surface, x = drawn(beyond)
    extra = surface(x) - x @ surface.linear
    assert extra.var() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(x.T @ extra / len(x), 0, atol=0.02)


def test_products_and_waves_by_hand():
    x = np.array([[1.0, 2.0, np.sqrt(3)]])
    products, waves = (
        Surface(3, beyond).draw(np.random.default_rng(5)) for beyond in ("products", "powers")
    )
    a, b, c = products.extra
    by_hand = a * 1 * 2 + b * np.sqrt(3) + c * 2 * np.sqrt(3)
    assert products(x) - x @ products.linear == pytest.approx(by_hand)
    angles = np.pi * x[0] / np.sqrt(3)
    by_hand = np.sqrt(2) * (waves.extra * np.cos(angles)).sum()
    assert waves(x) - x @ waves.linear == pytest.approx(by_hand)
