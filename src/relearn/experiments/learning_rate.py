"""Section 3's learning rates, too large, too small and right, on quadratics with a known limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters, Rate
from relearn.learning import quadratics
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
LABELS = {"large": "80 %", "middle": "30 %", "small": "1 %"}  # the parable's numbers
TITLES = {"round": "Well conditioned", "narrow": "Ill conditioned"}
RATE, LOSS = "rate, in units of 2/λ_max", "loss, as a share of the start's"
SHOWN = 20  # updates of the paths that the figure shows
ROUNDING = 1e-12  # below are no distances but what rounding leaves of 0: drawn as 0
RINGS = {"1": 1, "1/4": 1 / 4, "1/16": 1 / 16}  # losses of theirs, as shares of the start's


class Params(Parameters):
    """The quadratics, the rates and how long they run."""

    dimension: int = Field(ge=2, description="number of parameters")
    condition: float = Field(ge=1, description="largest curvature over the smallest")
    rates: dict[Literal["large", "middle", "small", "beyond"], Rate] = Field(
        min_length=4, description="the three rates and one beyond the limit, units of 2/λ_max"
    )
    updates: int = Field(ge=1, description="updates that each rate gets")
    target: float = Field(gt=0, lt=1, description="share of the start's loss to come down to")
    most_updates: int = Field(ge=1, description="updates after which the wait for it ends")
    bisection_updates: int = Field(ge=1, description="updates that decide whether a rate converges")
    halvings: int = Field(ge=1, description="halvings of the interval that holds the largest rate")
    highest_rate: float = Field(gt=0, description="upper end of that interval, units of 2/λ_max")
    points: int = Field(ge=1, description="random points of each quadratic for the step uphill")
    sweep: list[Rate] = Field(description="rates of the figure, in units of 2/λ_max")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Run each rate from each seed's start, and look for the largest that still converges."""
    hessian = quadratics.hessians(
        [seed.generator("eigenvectors") for seed in seeds], params.dimension, params.condition
    )
    shape = (params.points, params.dimension)
    start = np.stack([seed.generator("start").normal(size=params.dimension) for seed in seeds])
    points = np.stack([seed.generator("points").normal(size=shape) for seed in seeds])
    # Two more readings of the parable's percentage than a share of the limit, 2/λ_max.
    large = params.rates["large"]
    losses = {
        name: quadratics.descend(hessian, start, rate, params.updates)
        for name, rate in params.rates.items()
    }
    losses["of_inverse"] = quadratics.descend(hessian, start, large / 2, params.updates)
    newton = start * (1 - large) ** params.updates
    scalars = {
        f"{name}_doublings": np.log2(loss[:, -1] / loss[:, 0]) for name, loss in losses.items()
    }
    scalars["newton_doublings"] = np.log2(quadratics.loss(hessian, newton) / losses["large"][:, 0])
    for name in LABELS:
        scalars[f"{name}_reached"] = (
            losses[name][:, -1] <= params.target * losses[name][:, 0]
        ).astype(float)
        scalars[f"{name}_updates"] = quadratics.updates_until(
            hessian, start, params.rates[name], params.target, params.most_updates
        )
        scalars[f"{name}_uphill"] = share_uphill(hessian, points, params.rates[name])
    scalars["largest_rate"] = quadratics.largest_rate(
        hessian, start, params.bisection_updates, params.halvings, params.highest_rate
    )
    sweep = [
        quadratics.updates_until(hessian, start, rate, params.target, params.most_updates)
        for rate in params.sweep
    ]
    curves = table("update", np.arange(params.updates + 1), losses)
    arrays = {"sweep_updates": np.stack(sweep, axis=1)}
    arrays["sweep_rate"] = np.tile(params.sweep, (len(seeds), 1))
    arrays["beyond_rate"] = np.full(len(seeds), params.rates["beyond"])
    arrays["curvatures"] = np.linalg.eigvalsh(hessian)
    return Records(per_seed(scalars), curves, arrays)


def share_uphill(hessian: np.ndarray, points: np.ndarray, rate: float) -> np.ndarray:
    """Return the share (S,) of points (S, P, d) where a step along the gradient raises the loss."""
    each = hessian[:, None]
    step = quadratics.LIMIT * rate * quadratics.gradient(each, points)
    risen = quadratics.loss(each, points + step) > quadratics.loss(each, points)
    return risen.mean(-1)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the parts of 3d: the limit and the step uphill are facts, the three rates effects."""
    parts = {}
    for variant, records in results.items():
        scalars = {name: values.to_numpy() for name, values in records.scalars.items()}
        uphill = np.min([scalars[f"{name}_uphill"] for name in LABELS], axis=0)
        crawl = np.log2(scalars["small_updates"] / scalars["middle_updates"])
        parts |= {
            f"{variant}_limit": -np.abs(scalars["largest_rate"] - 1),
            f"{variant}_uphill": uphill,
            f"{variant}_diverges": scalars["large_doublings"],
            f"{variant}_crawls": crawl,
            f"{variant}_works": -scalars["middle_doublings"],
        }
    return {"3d": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw a descent in the plane at each rate, and the losses and updates of all descents."""
    from relearn.figures.canvas import Figure
    from relearn.figures.plane import Plane

    figure = Figure(columns=3, rows=2)
    planes = {
        variant: figure.panel(f"Path, {title.lower()}", Plane) for variant, title in TITLES.items()
    }
    along = figure.panel("Loss along the paths")
    for variant, title in TITLES.items():
        panel = figure.panel(title)
        curves = results[variant].curves
        for name, label in (("beyond", "beyond the limit"), *LABELS.items()):
            wide = curves.pivot(index="seed", columns="update", values=name)
            shares = wide.to_numpy() / wide.to_numpy()[:, :1]
            panel.spread(wide.columns.to_numpy(), shares, label=label)
        panel.axes("update", LOSS, log=True)
    updates = figure.panel("Updates to the target")
    needed = {}
    for variant, title in TITLES.items():
        arrays = results[variant].arrays
        sweep = arrays["sweep_rate"][0]
        updates.spread(sweep, arrays["sweep_updates"], label=title.lower(), marker=True)
        needed[variant] = np.median(arrays["sweep_updates"], axis=0)
    updates.axes(RATE, "updates", log=True, log_x=True)

    # A seed's quadratic in the plane of its flattest and its steepest direction: in units of the
    # start's distance along each, the descent is the same in every seed.
    hessians = {name: np.diag(results[name].arrays["curvatures"][0, [0, -1]]) for name in TITLES}
    start = np.ones(2)
    rates = [*sweep, arrays["beyond_rate"][0]]
    quickest = int(needed["round"].argmin())
    for at in figure.frames(RATE, [f"{rate:g}" for rate in rates], shown=quickest):
        for variant, title in TITLES.items():
            hessian = hessians[variant]
            path = quadratics.path(hessian[None], start[None], rates[at], SHOWN)[:, 0]
            path = np.where(np.abs(path) < ROUNDING, 0, path)
            planes[variant].line(*path.T, label="descent", marker=True)
            shares = quadratics.loss(hessian, path) / quadratics.loss(hessian, start)
            along.line(np.arange(SHOWN + 1), shares, label=title.lower())
            if at < len(sweep):
                updates.points([rates[at]], [needed[variant][at]], label=title.lower())
    along.axes("update", LOSS, log=True)
    for variant, panel in planes.items():
        own = quadratics.loss(hessians[variant], start)
        rings = {
            name: quadratics.level_set(hessians[variant], share * own)
            for name, share in RINGS.items()
        }
        panel.rings(rings, x=(-0.4, 1.4), y=(-1.6, 1.6), name="loss")
        panel.axes("flattest direction (start: 1)", "steepest direction (start: 1)")
    return figure
