import itertools

import numpy as np
import pytest

from relearn.data.synthetic import circle_points, separated_points, xor_points
from relearn.learning import linear_separation as ls


def blobs(seed, n=30, d=3):
    rng = np.random.default_rng(seed)
    return separated_points(rng, n, d, 0.1)


def test_separated_points_keep_their_margin():
    x, y = blobs(1, n=500)
    assert x.shape == (500, 3) and set(y) == {-1.0, 1.0} and np.abs(x).max() <= 1
    assert ls.widest(ls.augmented(x), y).margin >= 0.1 / np.hypot(1, 0.25)


def test_no_line_separates_xor_or_circles_but_one_separates_three_corners():
    x, y = xor_points()
    assert y.tolist() == [-1, 1, 1, -1]
    assert ls.slack(x, y) == pytest.approx(0, abs=1e-12)
    # Three corners of XOR: x1 + x2 + 1 has them on its sides by 1, and bounds forbid more.
    assert ls.slack(x[1:], y[1:]) == pytest.approx(1)
    assert not ls.separable(*circle_points(12, 0.4))
    outer, inner = np.split(circle_points(12, 0.4)[0], 2)
    np.testing.assert_allclose(np.hypot(*outer.T), 1)
    np.testing.assert_allclose(np.hypot(*inner.T), 0.4)
    assert ls.widest(x, y) is None


def test_the_widest_margin_of_two_points_is_known():
    # Through the origin, (3, 4) against (−3, −4): the margin is 5.
    found = ls.widest(np.array([[3.0, 4.0], [-3.0, -4.0]]), np.array([1.0, -1.0]))
    np.testing.assert_allclose(found.weights, [0.6, 0.8])
    assert found.margin == pytest.approx(5)


@pytest.mark.parametrize("seed", range(3))
def test_the_widest_margin_is_that_of_a_hard_margin_machine_and_proves_it(seed):
    from sklearn.svm import SVC

    x, y = blobs(seed)
    x = ls.augmented(x)
    found = ls.widest(x, y)
    assert 0 <= found.gap + 1e-12 < 1e-11
    # With every point mirrored the machine's own intercept is zero at its optimum.
    machine = SVC(kernel="linear", C=1e9, tol=1e-9)
    machine.fit(np.vstack([x, -x]), np.concatenate([y, -y]))
    assert found.margin == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=1e-5)


def test_the_perceptron_is_rosenblatts_rule_point_by_point():
    x, y = blobs(5, n=40, d=2)
    x = ls.augmented(x)
    found = ls.perceptron(x, y, np.random.default_rng(3), 1000)
    rng, weights, mistakes = np.random.default_rng(3), np.zeros(3), []
    while not mistakes or mistakes[-1]:
        mistakes.append(0)
        for i in rng.permutation(40):
            if y[i] * (weights @ x[i]) <= 0:
                weights = weights + y[i] * x[i]
                mistakes[-1] += 1
    np.testing.assert_array_equal(found.mistakes, mistakes)
    np.testing.assert_allclose(found.weights, weights, atol=1e-12)
    assert sum(mistakes) <= ls.novikoff_bound(x, ls.widest(x, y).margin)


def test_the_perceptron_stops_at_the_cap_where_nothing_separates():
    x, y = xor_points()
    found = ls.perceptron(ls.augmented(x), y, np.random.default_rng(0), 25)
    assert len(found.mistakes) == 25 and found.mistakes.min() > 0


def test_novikoffs_bound_by_hand():
    assert ls.novikoff_bound(np.array([[3.0, 4.0], [1.0, 0.0]]), 0.5) == pytest.approx(100)


@pytest.mark.parametrize(
    ("samples", "features", "count"), [(4, 2, 14), (3, 2, 8), (5, 1, 10), (8, 7, 256)]
)
def test_covers_count(samples, features, count):
    # Four points in the plane: all 16 but the two XORs; on a line: cut at any of n places, twice.
    assert ls.separable_labellings(samples, features) == count
    x = np.random.default_rng(2).normal(size=(samples, features))
    if samples < 8:
        labellings = itertools.product((-1.0, 1.0), repeat=samples)
        assert sum(ls.separable(x, np.array(y)) for y in labellings) == count


def test_half_of_the_labellings_are_separable_at_twice_as_many_points_as_weights():
    assert ls.separable_share(24, 11) == 0.5
