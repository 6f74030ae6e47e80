"""What a benchmark makes of its timings."""

import pytest

from benchmarks.measure import compare, interleaved, median_interval, met


def test_the_first_side_alternates():
    said = []
    pairs = interleaved(lambda: said.append("slow") or 2.0, lambda: said.append("fast") or 1.0, 3)
    assert said == ["slow", "fast", "fast", "slow", "slow", "fast"]
    assert pairs == [(2.0, 1.0)] * 3


# Confidences: 1 - 2 * 0.5**n for the extremes of n values; for ten, 1 - 2 * 11 / 1024.
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], (3.0, 3.0, 0.0)),
        ([2.0, 1.0, 3.0], (1.0, 3.0, 0.75)),
        ([6, 5, 4, 3, 2, 1], (1, 6, 0.96875)),
        (list(range(10)), (1, 8, 1 - 22 / 1024)),
    ],
)
def test_the_median_interval_is_of_order_statistics(values, expected):
    assert median_interval(values) == pytest.approx(expected)


def test_an_entry_is_the_median_of_the_pairs_ratios():
    entry = compare([(4.0, 2.0), (9.0, 3.0), (8.0, 1.0)], "slow / fast", ">= 2.5", note="x")
    assert entry["ratio"] == 3.0
    assert (entry["low"], entry["high"]) == (2.0, 8.0)
    assert entry["medians"] == [8.0, 2.0]
    assert entry["note"] == "x"


@pytest.mark.parametrize(
    ("ratio", "goal", "expected"),
    [(3.0, ">= 3", True), (2.9, ">= 3", False), (1.5, "<= 1.5", True), (9.0, "", None)],
)
def test_a_goal_is_a_bound_on_the_ratio(ratio, goal, expected):
    assert met({"ratio": ratio, "goal": goal}) is expected
