"""Section 7: dropout and both kinds of weight decay, on few and on more digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.parameters import Share
from relearn.experiments.small_sets import SIZES, Setting, SmallSetParameters
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = True
REMEDIES = {
    "dropout": "dropout",
    "l2": "L2 penalty",
    "weight_decay": "AdamW",
}
DECAYS = ("l2", "weight_decay")
CASES = (*SIZES, "noisy", "stopped")
TITLES = {"noisy": "Wrong labels", "stopped": "Stopped"}


class Params(SmallSetParameters):
    """The remedy and the strengths that it chooses from."""

    remedy: Literal["nothing", "dropout", "l2", "weight_decay"] = Field(
        description="what is done against overfitting; the last two as in the training recipe"
    )
    strengths: list[Annotated[float, Field(ge=0)]] = Field(
        min_length=1,
        description="rates of dropout or strengths of decay to choose from; zeros for nothing: "
        "as many starts",
    )

    stops: list[Share] = Field(
        min_length=1, description="shares of the steps after which to stop, to choose from"
    )

    @model_validator(mode="after")
    def _possible(self) -> Params:
        if self.remedy == "dropout" and max(self.strengths) >= 1:
            raise ValueError(
                f"strengths: {max(self.strengths)} would zero every unit; stay below 1"
            )
        if self.remedy == "nothing" and any(self.strengths):
            raise ValueError(f"strengths: {self.strengths} of nothing; write zeros, one a start")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a network a seed for each strength and keep what the validated one does."""
    tasks = [small_sets.task(params, seed, inputs) for seed in seeds]
    settings = [
        Setting() if params.remedy == "nothing" else Setting(**{params.remedy: strength})
        for strength in params.strengths
    ]
    tries = small_sets.stopped(params, settings, params.stops)
    found = small_sets.chosen(params, tasks, tries, inputs)
    del found["confusion"]
    strength, stop = np.divmod(found["setting"], len(params.stops))
    found["strength"] = np.array(params.strengths)[strength]
    found["steps"] = np.array([each.steps for each in tries[: len(params.stops)]])[stop]
    return Records(per_seed(found))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the test errors that each remedy removes, and what it does to the parameters."""

    def column(name: str, remedy: str, case: str) -> np.ndarray:
        return results[f"{remedy}_{case}"].scalars[name].to_numpy()

    dropout = {case: removed(results, "dropout", case) for case in CASES}
    fewer = column("parameters", "nothing", "few") - column("parameters", "dropout", "few")
    decay = {}
    for remedy in DECAYS:
        for case in CASES:
            before, after = (column("weight_rms", each, case) for each in ("nothing", remedy))
            decay[f"{remedy}_{case}_errors"] = removed(results, remedy, case)
            decay[f"{remedy}_{case}_weights"] = np.log2(before / after)
    return {"7d": dropout | {"parameters": fewer}, "7e": decay}


def removed(results: Mapping[str, Records], remedy: str, case: str) -> np.ndarray:
    """Return the share (S,) of the test errors without a remedy that this one removes."""
    before, after = results[f"nothing_{case}"].scalars, results[f"{remedy}_{case}"].scalars
    return small_sets.errors_removed(before["test_accuracy"], after["test_accuracy"])


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the share of test errors that each remedy removes, by images and wrong labels."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=5)
    for case in CASES:
        panel = figure.panel(TITLES.get(case) or small_sets.title(results[f"nothing_{case}"]))
        panel.intervals(
            {label: 100 * removed(results, remedy, case) for remedy, label in REMEDIES.items()}
        )
        panel.axes("removed, %", "", zero=True)
    return figure
