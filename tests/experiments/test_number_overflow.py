"""A depth that is off by more than rounding allows is counted."""

from tests_support import config

from relearn.experiments import catalogue
from relearn.learning import number_overflow
from relearn.runs.seeds import seeds


def test_a_depth_beyond_the_bounds_breaks_the_claim(monkeypatch):
    block = config("smoke")["experiments"]["number_overflow"]
    module = catalogue.module("number_overflow")
    params = catalogue.parameters("number_overflow", block, "silent")
    right = number_overflow.finite_depth
    monkeypatch.setattr(number_overflow, "finite_depth", lambda *given: right(*given) + 3)
    records = module.run(params, seeds(3, "number_overflow", 1), None)
    for name in module.FORMATS:
        assert records.scalars[f"{name}_outside"].min() >= 2, name
