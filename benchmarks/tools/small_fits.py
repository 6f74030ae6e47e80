"""The small fit as an experiment of the project: a variant a number."""

from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.runs.record import Records, per_seed

SEED_RUNS = False


class Params(Parameters):
    """The data."""

    number: int = Field(description="what the data are drawn from")


def run(params, seeds, inputs):
    """Fit once."""
    from relearn.learning.small_fit import fit  # the benchmark puts it there

    return Records(per_seed({name: [value] for name, value in fit(params.number).items()}))


def judge(results) -> dict:
    """Judge nothing: there is no claim."""
    return {}


def draw(results) -> None:
    """Is never called: the benchmark asks for the runs alone."""
