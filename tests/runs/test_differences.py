"""Differences against scipy and closed forms, and how often noise is called a move."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from relearn.runs.differences import (
    Difference,
    Estimate,
    estimate,
    independent,
    outcomes,
    paired,
    proportions,
    welch,
)

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("quick_holm")]
A, B = [1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 3.5, 5.0, 8.0]


def test_other_seeds_are_compared_by_welch():
    found = independent(A, B)
    expected = stats.ttest_ind(B, A, equal_var=False)
    between = expected.confidence_interval(0.95)
    assert found.estimate == 1.875
    assert (found.low, found.high) == pytest.approx((between.low, between.high))
    assert found.p == pytest.approx(max(expected.pvalue, stats.ttest_ind(B, A).pvalue))
    even = independent(A[:4], B)
    assert even.p == pytest.approx(stats.ttest_ind(B, A[:4], equal_var=False).pvalue)


def test_the_same_seeds_are_compared_in_pairs():
    found = paired(A[:4], B)
    expected = stats.ttest_rel(B, A[:4])
    between = expected.confidence_interval(0.95)
    assert found.estimate == 2.375
    assert (found.low, found.high) == pytest.approx((between.low, between.high))
    assert found.p == pytest.approx(expected.pvalue)


def test_a_claim_needs_its_interval_only():
    assert welch(estimate(A), estimate(B)) == independent(A, B)


@pytest.mark.parametrize("compare", [independent, paired])
def test_equal_values_are_equal_and_what_is_missing_in_both_is_too(compare):
    assert compare([0.5, math.nan, math.inf], [0.5, math.nan, math.inf]).outcome == "equal"


def test_pairs_that_agree_to_nine_digits_differ_by_rounding():
    assert paired(A, [value * (1 + 1e-10) for value in A]).outcome == "rounding"
    assert paired(A, [value * (1 + 1e-8) for value in A]).outcome == ""
    assert paired([1.0], [1.0 + 1e-12]).outcome == "rounding"


@pytest.mark.parametrize("compare", [independent, paired])
@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [2.0]), ([1.0, math.nan], [1.0, 2.0]), ([1.0, 2.0], [math.inf, 2.0])]
)
def test_one_seed_or_a_value_that_is_not_finite_tells_nothing(compare, a, b):
    assert compare(a, b).outcome == "untold"


def test_huge_values_tell_nothing_and_tiny_ones_are_tested():
    assert independent([1e300, 2e300, 3e300], [1e300, 2e300, 9e300]).outcome == "untold"
    tiny, plain = (independent(np.array(A) * unit, np.array(B) * unit) for unit in (1e-150, 1.0))
    assert tiny.p == pytest.approx(plain.p)


@pytest.mark.parametrize("compare", [independent, paired])
def test_a_number_that_is_the_same_in_every_seed_has_no_noise_to_compare_with(compare):
    found = compare([0.016] * 4, [0.012] * 4)  # a rate that was tuned once for all seeds
    assert (found.outcome, found.estimate) == ("untold", pytest.approx(-0.004))


def test_a_cap_that_held_for_more_seeds_is_equal():
    assert independent([7.0] * 3, [7.0] * 5).outcome == "equal"
    assert independent([1.0] * 3, [1.0] * 5).outcome == "equal"


@pytest.mark.parametrize("shift", [1.0, 0.1])
def test_the_same_shift_in_every_pair_is_as_sure_as_the_seeds_allow(shift):
    values = np.arange(200.0) ** 2 / 1000
    least = 2 / 4**200
    assert paired(values, values + shift) == (
        *(pytest.approx(shift),) * 3,  # the interval has no width
        *(least, least, ""),
    )


def test_values_too_small_to_be_squared_are_rests_of_nothing_and_too_large_ones_no_shift():
    for size, outcome in ((1e-200, "rounding"), (1e200, "untold")):
        assert paired(np.array(A[:4]) * size, np.array(B) * size).outcome == outcome


def test_no_p_is_less_than_the_seeds_can_show():
    # Two seeds that chose one strength, two that chose another: 2 / 4².
    chosen = independent([0.0258, 0.0265], [0.0025, 0.0026])
    assert (chosen.p, chosen.least) == (0.125, 0.125)
    assert paired([0.0258, 0.0265, 0.026], [0.0025, 0.0026, 0.0026]).p == 2 / 64
    # 2 · 3³ · 5⁵ / 8⁸
    assert independent([7.0, 7.1, 7.0], [8.0] * 5).least == pytest.approx(2 * 27 * 3125 / 8**8)
    assert independent(np.arange(40.0), np.arange(40.0) + 1000).p < 1e-20


def test_four_seeds_that_agree_are_not_surer_than_the_four_hundred_that_do_not():
    few = [2.0, 2.0, 2.0, 2.0 + 1e-9]
    many = np.random.default_rng(6).choice([1.0, 2.0, 3.0], p=[0.1, 0.89, 0.01], size=400)
    assert stats.ttest_ind(many, few, equal_var=False).pvalue < 1e-6
    found = independent(few, many)
    assert found.p == pytest.approx(stats.ttest_ind(many, few).pvalue) and found.p > 0.2


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 3), (3, 5), (4, 9)])
def test_the_least_p_covers_every_two_clumps(n, m):
    q = np.linspace(0, 1, 101)
    split = q**n * (1 - q) ** m + (1 - q) ** n * q**m
    assert split.max() <= independent(np.arange(n), np.arange(m) + 0.5).least


def test_zeros_and_ones_have_exact_tests():
    few, many = [1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]
    assert independent(few, many).p == pytest.approx(stats.fisher_exact([[1, 4], [5, 0]]).pvalue)
    # Four of the five pairs changed, all one way: 2 / 2⁴.
    assert paired(few, many).p == pytest.approx(0.125)


def test_a_zero_that_is_one_in_every_seed_moved():
    never, ever = [0.0] * 10, [1.0] * 10
    assert independent(never, ever) == pytest.approx(proportions((0, 10), (10, 10)), nan_ok=True)
    assert independent(never, ever)[3:] == (
        pytest.approx(2 / 184756),
        pytest.approx(2 / 184756),
        "",
    )
    assert paired(never, ever)[3:] == (pytest.approx(2 / 2**10), 2 / 2**10, "")
    assert proportions((0, 1), (1, 1)).outcome == "untold"  # one seed


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 5), (6, 6)])
def test_no_zeros_and_ones_have_less_than_the_least_p(n, m):
    counts = itertools.product(range(n + 1), range(m + 1))
    found = [proportions((k, n), (j, m)) for k, j in counts]
    tested = [each for each in found if not each.outcome]
    assert {each.least for each in tested} == {min(each.p for each in tested)}


@pytest.mark.parametrize("n", [3, 10, 30])
def test_two_samples_of_one_coin_differ_as_seldom_as_p_says(n):
    counts = range(n + 1)
    coins = {k: [1.0] * k + [0.0] * (n - k) for k in counts}
    p = np.array([[independent(coins[i], coins[j]).p for j in counts] for i in counts])
    for q, level in itertools.product((0.05, 0.3, 0.5), (0.05, 1e-3, 1e-5)):
        chance = stats.binom.pmf(counts, n, q)
        assert np.outer(chance, chance)[p <= level].sum() <= level


def test_holm_goes_over_those_that_were_tested():
    def tested(p: float) -> Difference:
        return Difference(1.0, 0.5, 1.5, p)

    equal, untold = paired([1.0], [1.0]), independent([1.0], [2.0])
    assert outcomes([tested(0.02), equal, tested(0.03), untold]) == [
        *("moved", "equal", "moved", "untold")
    ]
    assert outcomes([tested(0.026), tested(0.03)]) == ["noise", "noise"]
    assert outcomes([]) == []


def noise(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    if kind == "normal":
        return rng.normal(size=shape)
    if kind == "losses, long-tailed":
        return np.exp(rng.normal(size=shape))
    if kind == "a choice of few":
        return rng.choice([1.0, 2.0, 4.0], p=[0.2, 0.7, 0.1], size=shape)
    if kind == "two clumps":
        return rng.choice([0.0, 1.0], size=shape) + rng.normal(scale=1e-3, size=shape)
    return (rng.random(shape) < 0.3).astype(float)


KINDS = ["normal", "losses, long-tailed", "a choice of few", "two clumps", "0 or 1"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compare", [independent, paired])
@pytest.mark.parametrize("seeds", [3, 10])
def test_builds_that_differ_by_noise_seldom_raise_an_alarm(compare, kind, seeds):
    """At most one pair of builds in twenty has any false alarm among its 20 numbers."""
    rng, builds, alarms = np.random.default_rng(20), 100, 0
    for _ in range(builds):
        a, b = (noise(rng, kind, (20, seeds)) for _ in "ab")
        alarms += "moved" in outcomes([compare(x, y) for x, y in zip(a, b, strict=True)])
    # 5 of 100 are to be expected at most; more than 11 in less than 1 % of cases
    assert alarms <= stats.binom.ppf(0.99, builds, 0.05)


@pytest.mark.parametrize("compare", [independent, paired])
def test_a_shift_is_found_among_numbers_that_stayed(compare):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 20, 10))
    b[7] += 5
    found = outcomes([compare(x, y) for x, y in zip(a, b, strict=True)])
    assert [index for index, outcome in enumerate(found) if outcome == "moved"] == [7]


def test_pairs_see_what_independent_samples_cannot():
    rng = np.random.default_rng(4)
    a = rng.normal(size=10)
    b = a + 0.1 + rng.normal(scale=0.02, size=10)
    assert outcomes([paired(a, b)]) == ["moved"]
    assert outcomes([independent(a, b)]) == ["noise"]


def test_an_estimate_is_the_interval_over_seeds():
    assert estimate([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(
        Estimate(3.0, 3 - 1.963243, 3 + 1.963243, 5), abs=1e-6
    )
