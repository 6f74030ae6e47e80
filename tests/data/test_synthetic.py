"""The made surfaces: their parts have unit variance, and none is linear in another."""

import numpy as np
import pytest

from relearn.data.synthetic import Surface


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
