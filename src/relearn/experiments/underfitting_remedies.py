"""Section 6: three causes of underfitting, and what each remedy does about each of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from relearn.data.synthetic import Surface
from relearn.experiments.parameters import Count, Parameters, Rate
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
REMEDIES = {
    "products": "products of inputs",
    "powers": "powers of inputs",
    "units": "hidden units",
    "smaller": "smaller λ",
}
CAUSES = {
    "no_products": "Products missing",
    "no_powers": "Powers missing",
    "large_penalty": "λ too large",
}
# A remedy is judged where it is aimed at what the baseline lacks; the other cells are shown.
AIMED = {
    "products": "no_products",
    "powers": "no_powers",
    "units": "no_powers",
    "smaller": "large_penalty",
}


class Params(Parameters):
    """The data, the baseline's λ and the settings that each remedy chooses from."""

    inputs: int = Field(ge=2, description="inputs x, independent, uniform with unit variance")
    beyond: Literal["nothing", "products", "powers"] = Field(
        description="what the target has beside its linear part, with as much variance"
    )
    train_samples: int = Field(ge=10, description="training points")
    validation_samples: int = Field(ge=10, description="points on which settings are chosen")
    test_samples: int = Field(ge=10, description="points of the test, used once")
    noise: float = Field(gt=0, description="standard deviation of the noise on y")
    penalty: float = Field(gt=0, description="the baseline's λ, with the loss summed over points")
    products: list[Count] = Field(description="most inputs multiplied in one product")
    powers: list[Count] = Field(description="highest power of each input")
    units: list[Count] = Field(description="tanh units in the hidden layer of a network")
    smaller: list[Rate] = Field(description="factors by which λ is multiplied")
    iterations: int = Field(ge=1, description="iterations of the network's L-BFGS at most")

    @model_validator(mode="after")
    def _equal_budgets(self) -> Params:
        if len({len(getattr(self, name)) for name in REMEDIES}) > 1 or not self.products:
            raise ValueError(f"give {', '.join(REMEDIES)} the same number of settings")
        return self


class Points(NamedTuple):
    """Inputs (n, d), the noiseless target (n,) and what is observed of it (n,)."""

    x: np.ndarray
    truth: np.ndarray
    y: np.ndarray


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit the baseline and each remedy, its setting chosen on validation points, a seed."""
    rows = [replicate(params, seed) for seed in seeds]
    return Records(per_seed({name: np.array([row[name] for row in rows]) for name in rows[0]}))


def replicate(params: Params, seed: Seed) -> dict[str, float]:
    """Return one seed's avoidable mean squared errors, and the share that each remedy removes."""
    surface = Surface(params.inputs, params.beyond).draw(seed.generator("target"))

    def points(count: int, stream: str) -> Points:
        generator = seed.generator(stream)
        x = surface.points(count, generator)
        truth = surface(x)
        return Points(x, truth, truth + generator.normal(0, params.noise, count))

    train = points(params.train_samples, "train")
    validation = points(params.validation_samples, "validation")
    test = points(params.test_samples, "test")
    floor = np.mean((train.y - train.truth) ** 2)

    def avoidable(model) -> tuple[float, float]:
        return (
            np.mean((model.predict(test.x) - test.truth) ** 2),
            np.mean((model.predict(train.x) - train.y) ** 2) - floor,
        )

    base = fitted(params, seed, None, None, train)
    before = avoidable(base)
    found = {"baseline_test": before[0], "baseline_train": before[1]}
    for remedy in REMEDIES:
        settings = getattr(params, remedy)
        fits = [fitted(params, seed, remedy, setting, train) for setting in settings]
        losses = [np.mean((fit.predict(validation.x) - validation.y) ** 2) for fit in fits]
        best = int(np.argmin(losses))
        after = avoidable(fits[best])
        found[f"{remedy}_setting"] = float(settings[best])
        found[f"{remedy}_test"], found[f"{remedy}_train"] = after
        found[f"{remedy}_removed"] = min(1 - a / b for a, b in zip(after, before, strict=True))
    return found


def fitted(params: Params, seed: Seed, remedy: str | None, setting: float | None, train: Points):
    """Fit ridge regression on the inputs, or the same with one remedy at one setting."""
    from sklearn.linear_model import Ridge
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

    from relearn.learning.polynomials import legendre_powers

    penalty = params.penalty * (setting if remedy == "smaller" else 1.0)
    model = Ridge(alpha=penalty)
    if remedy == "products":
        combine = PolynomialFeatures(setting, interaction_only=True, include_bias=False)
        model = make_pipeline(combine, model)
    elif remedy == "powers":
        reach = np.sqrt(3)
        powers = FunctionTransformer(lambda x: legendre_powers(x / reach, setting))
        model = make_pipeline(powers, model)
    elif remedy == "units":
        # scikit-learn's mean loss halves both terms: its alpha is Ridge's, weight for weight.
        model = MLPRegressor(
            hidden_layer_sizes=(setting,),
            activation="tanh",
            alpha=penalty,
            solver="lbfgs",
            max_iter=params.iterations,
            random_state=seed.integer("network") % 2**32,
        )
    with warnings.catch_warnings():
        # Stopping at the limit of iterations is part of the setting, not a failure.
        warnings.filterwarnings("ignore", message="lbfgs failed to converge")
        return model.fit(train.x, train.y)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of the avoidable error that each remedy removes where it is aimed."""
    parts = {
        remedy: results[cause].scalars[f"{remedy}_removed"].to_numpy()
        for remedy, cause in AIMED.items()
    }
    return {"6d": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the matrix of cause and remedy, a panel a cause."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    for cause, title in CAUSES.items():
        scalars = results[cause].scalars
        panel = figure.panel(title)
        panel.intervals(
            {label: 100 * scalars[f"{name}_removed"] for name, label in REMEDIES.items()}
        )
        panel.axes("error removed, %", "", zero=True)
    return figure
