"""Section 3's batch sizes: what they cost, how noisy they are, and whether one sample overfits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.data.synthetic import GaussianRegression
from relearn.experiments.parameters import Count, Parameters, Rate
from relearn.learning import minibatches
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
JUDGED = ("small", "middle", "large")


class Params(Parameters):
    """The data, the batch sizes and what is asked of them."""

    samples: int = Field(ge=8, description="different samples in the training data")
    copies: int = Field(ge=1, description="times that each of them stands there")
    features: int = Field(ge=1, description="features, and weights")
    condition: float = Field(ge=1, description="largest variance of a feature over the smallest")
    noise: float = Field(gt=0, description="standard deviation of the noise on the target")
    sizes: dict[Literal["small", "middle", "large"], Count] = Field(
        min_length=3, description="the judged batch sizes, in samples drawn with replacement"
    )
    more_sizes: list[Count] = Field(description="further batch sizes, for the figure")
    rate_grid: list[Rate] = Field(
        min_length=1, description="learning rates to choose from, the same for each batch size"
    )
    tuning_seeds: int = Field(ge=1, description="data sets of their own on which rates are chosen")
    budget: int = Field(ge=100, description="samples that each mini-batch arm may process")
    look_every: int = Field(ge=1, description="samples between two looks at the loss, at least")
    level: float = Field(gt=1, description="training loss to come down to, least-squares loss = 1")
    noise_batches: int = Field(ge=2, description="batches that measure the gradient's noise")
    tiny: int = Field(ge=2, le=8, description="samples of the data set whose batches are all tried")

    @property
    def data(self) -> GaussianRegression:
        """The made data."""
        return GaussianRegression(self.samples, self.features, self.condition, self.noise)

    @property
    def rows(self) -> int:
        """The number of training samples, copies counted."""
        return self.samples * self.copies

    @property
    def all_sizes(self) -> dict[str, int]:
        """Every mini-batch size by its column's name; `full` is not among them."""
        return dict(self.sizes) | {f"b{size}": size for size in self.more_sizes}


class Arms:
    """One group of seeds' data and starts, and descent with any batch size on them."""

    def __init__(self, params: Params, seeds: Sequence[Seed], prefix: str):
        x, y, self.truth = params.data.draw([seed.generator(f"{prefix}data") for seed in seeds])
        self.problem = minibatches.problem(x, y)
        self.start = np.stack(
            [seed.generator(f"{prefix}start").normal(size=params.features) for seed in seeds]
        )
        self.params, self.seeds, self.prefix = params, seeds, prefix

    def batches(self, stream: str, count: int, size: int) -> np.ndarray:
        """Return (S, count, size) indices of samples, drawn with replacement from all copies."""
        total = self.params.rows
        drawn = [
            seed.generator(f"{self.prefix}{stream} {size}").integers(total, size=(count, size))
            for seed in self.seeds
        ]
        return np.stack(drawn) // self.params.copies

    def descend(
        self, size: int | None, rates: Sequence[float], decay: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the points (R, S, K, d) and how many samples each of the K has cost.

        Full batches (size None) get as many updates as the middle size, whatever they cost.
        """
        params = self.params
        if size is None:
            updates, every, cost = params.budget // params.sizes["middle"], 1, params.rows
            batches = None
        else:
            updates, every = params.budget // size, max(1, params.look_every // size)
            cost = size * every
            batches = self.batches("order", updates, size)
        path = minibatches.descend(
            self.problem, self.start, np.asarray(rates), updates, batches, every, decay
        )
        return path, cost * np.arange(path.shape[2])

    def loss(self, path: np.ndarray) -> np.ndarray:
        """Return the training loss (R, S, K), with the least-squares loss as its unit."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.problem.loss(path) / self.problem.floor[:, None]


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Tune each batch size's rates on other seeds, then run it on these."""
    others = tuning_seeds(seeds[0], params.tuning_seeds)
    tuning, arms = Arms(params, others, "tuning "), Arms(params, seeds, "")
    looks = np.arange(0, params.budget + 1, params.budget // 100)
    scalars, curves, middle_rate = {}, {}, 0.0
    for name, size in {**params.all_sizes, "full": None}.items():
        rates = tuned(params, tuning, size)
        path, cost = arms.descend(size, list(rates.values()))
        measured = {
            kind: answers(params, arms, path[index : index + 1], cost)
            for index, kind in enumerate(rates)
        }
        samples = measured["samples"]["samples"][0]
        updates = samples / (size or params.rows)
        work = minibatches.multiply_adds(updates, size or params.rows, params.features)
        scalars |= {f"{name}_samples": samples, f"{name}_multiply_adds": work}
        scalars |= {f"{name}_{kind}": measured[kind][kind][0] for kind in ("end", "last", "test")}
        scalars[f"{name}_train"] = measured["test"]["end"][0] * arms.problem.floor
        scalars[f"{name}_fitted_test"] = measured["end"]["test"][0]
        scalars |= {f"{name}_{kind}_rate": np.full(len(seeds), r) for kind, r in rates.items()}
        # Between two updates the loss stays what it was.
        held = np.searchsorted(cost, looks, side="right") - 1
        curves[name] = arms.loss(path[:1, :, held])[0]
        if name == "middle":
            middle_rate = rates["samples"]
            rate = tuned(params, tuning, size, decay=True)["end"]
            path, cost = arms.descend(size, [rate], decay=True)
            scalars["middle_decayed_end"] = answers(params, arms, path, cost)["end"][0]
    path, cost = arms.descend(params.sizes["small"], [middle_rate])
    scalars["small_untuned_samples"] = answers(params, arms, path, cost)["samples"][0]
    gradients = minibatches.sample_gradients(arms.problem, arms.start)
    for name, size in params.all_sizes.items():
        drawn = arms.batches("noise", params.noise_batches, size)
        scalars[f"{name}_noise"] = minibatches.noise(gradients, drawn)
    scalars["law_error"] = minibatches.law_error(gradients[:, : params.tiny])
    one = minibatches.noise_law(gradients, 1, True)
    ordered = sorted(params.all_sizes, key=params.all_sizes.get)
    judged = [params.sizes[name] for name in JUDGED]
    arrays = {
        "judged": np.tile(judged, (len(seeds), 1)),
        "level": np.full(len(seeds), params.level),
        "size": np.tile([params.all_sizes[name] for name in ordered], (len(seeds), 1)),
        "samples": np.stack([scalars[f"{name}_samples"] for name in ordered], axis=1),
        "noise": np.stack([scalars[f"{name}_noise"] / one for name in ordered], axis=1),
    }
    return Records(per_seed(scalars), table("samples", looks, curves), arrays)


def answers(
    params: Params, arms: Arms, path: np.ndarray, cost: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what is asked of points (R, S, K, d) that have cost (K,) samples, each (R, S).

    `samples`: how many until the training loss is at the level to stay there on average, or all
    there were; `end` and `test`: training loss and error on fresh samples when the budget is
    spent; `last`: training loss after the last update.
    """
    loss = arms.loss(path)
    # A noisy loss may dip to the level by luck: what comes after has to be there on average.
    counts = np.arange(loss.shape[-1], 0, -1)
    with np.errstate(over="ignore", invalid="ignore"):
        later = loss[..., ::-1].cumsum(axis=-1)[..., ::-1] / counts
    below = (loss <= params.level) & (later <= params.level)
    spent = np.searchsorted(cost, params.budget, side="right") - 1
    with np.errstate(over="ignore", invalid="ignore"):
        test = params.data.risk(path[:, :, spent], arms.truth)
    return {
        "samples": np.where(below.any(-1), cost[below.argmax(-1)], cost[-1]).astype(float),
        "end": loss[:, :, spent],
        "test": test,
        "last": loss[:, :, -1],
    }


def tuned(params: Params, arms: Arms, size: int | None, decay: bool = False) -> dict[str, float]:
    """Return, for each answer, the rate with its least geometric mean over the tuning seeds.

    A rate is out of the question if it, or the next larger one, ends above its start in one of
    them: so near the edge a fresh seed may diverge.
    """
    path, cost = arms.descend(size, params.rate_grid, decay)
    ends = arms.loss(path[:, :, [0, -1]])
    fell = (ends[:, :, 1] < ends[:, :, 0]).all(axis=1)
    fell &= np.append(fell[1:], False)
    with np.errstate(invalid="ignore"):
        means = {
            name: np.where(fell, np.log(values).mean(axis=1), np.inf)
            for name, values in answers(params, arms, path, cost).items()
        }
    return {name: params.rate_grid[int(np.argmin(each))] for name, each in means.items()}


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the parts of 3e and 3f, one value a seed each."""
    scalars = {
        variant: {name: values.to_numpy() for name, values in records.scalars.items()}
        for variant, records in results.items()
    }

    def doublings(variant: str, what: str, over: str, under: str) -> np.ndarray:
        return np.log2(scalars[variant][f"{over}_{what}"] / scalars[variant][f"{under}_{what}"])

    plain, hundred = scalars["plain"], scalars["hundred"]
    mini = {
        "cheaper": doublings("plain", "samples", "full", "middle"),
        "cheaper_hundred": doublings("hundred", "samples", "full", "middle"),
        "cheaper_hundred_near": doublings("hundred_near", "samples", "full", "middle"),
        "equal_samples": 100 * (1 - plain["middle_end"] / plain["full_end"]),
        "equal_updates": 100 * (1 - plain["middle_last"] / plain["full_last"]),
        "equal_samples_hundred": 100 * (1 - hundred["middle_end"] / hundred["full_end"]),
    }
    waste = doublings("plain", "samples", "full", "large")
    sizes = {
        "erratic": doublings("plain", "noise", "small", "large"),
        "law": -plain["law_error"],
        "overfits_middle": doublings("few_samples", "test", "small", "middle"),
        "overfits_full": doublings("few_samples", "test", "small", "full"),
        "wastes": waste,
        "duplicates": doublings("duplicated", "samples", "full", "large") - waste,
        "middle_small": doublings("plain", "samples", "small", "middle"),
        "middle_large": doublings("plain", "samples", "large", "middle"),
    }
    return {"3e": mini, "3f": sizes}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the loss against samples, the samples to the level and the noise against the size."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    curves, arrays = results["plain"].curves, results["plain"].arrays
    panel = figure.panel("Training loss, rates tuned for the level")
    labels = [f"b = {size}" for size in arrays["judged"][0]]
    for name, label in zip((*JUDGED, "full"), (*labels, "full batches"), strict=True):
        wide = curves.pivot(index="seed", columns="samples", values=name)
        panel.spread(wide.columns.to_numpy(), wide.to_numpy() - 1, label=label)
    ends = curves["samples"].agg(["min", "max"]).to_numpy()
    panel.line(ends, np.repeat(arrays["level"][:1] - 1, 2), label="level")
    panel.axes("samples processed", "excess loss, least squares = 1", log=True)
    panel = figure.panel("Samples to the level")
    sizes = arrays["size"][0]
    panel.spread(sizes, arrays["samples"], label="mini-batches", marker=True)
    full = results["plain"].scalars["full_samples"].to_numpy()
    panel.spread(sizes, np.tile(full[:, None], len(sizes)), label="full batches")
    panel.axes("batch size b", "samples processed", log=True, log_x=True)
    panel = figure.panel("Gradient noise")
    panel.spread(sizes, arrays["noise"], label="measured", marker=True)
    panel.line(sizes, 1 / sizes, label="1/b")
    panel.axes("batch size b", "variance, b = 1 as its unit", log=True, log_x=True)
    return figure
