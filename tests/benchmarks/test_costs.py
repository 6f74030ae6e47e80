"""A reduced build has a share of each variant's seeds; the comparison is of time, memory, disk."""

import pytest
from tests_support import config

from benchmarks.costs import compared, reduced
from relearn.runs.costs import Costs, Row


def test_each_variant_has_its_share_of_seeds_and_a_listing_keeps_its_one():
    seeds = reduced(config("full"), 15)["experiments"]
    assert seeds["xor_and_circles"]["variants"]["circles"] == {"seeds": 66}  # of 1,000
    assert seeds["augmentation"]["variants"]["crop_few"] == {"seeds": 2}  # of 30
    assert seeds["multilayer_perceptron"]["variants"] == {
        "published": {"seeds": 1},
        "controlled": {"seeds": 2},
    }


def row(rule, variant, seeds, spent, mib, kib):
    return Row("default", rule, "sums", variant, seeds, 99.0, spent, mib, kib, "day")


def test_predictions_are_compared_with_what_all_seeds_took():
    few = Costs([row("run", "a", 1, 2.0, 280.0, 3.0), row("run", "b", 1, 1.0, 100.0, 1.0)])
    many = Costs(
        [
            row("run", "a", 10, 10.0, 560.0, 30.0),
            row("run", "b", 10, 10.0, 720.0, 10.0),
            row("draw", "", 20, 1000.0, 1000.0, 1000.0),
        ]
    )
    found = compared(few, many)
    assert found["costs_seconds"]["pairs"] == [[2.0], [1.0]]
    assert found["costs_seconds"]["total"] == pytest.approx(1.5)
    assert found["costs_mib"]["pairs"] == [[1.0], [0.5]]
    assert found["costs_kib"]["total"] == 1.0
