"""Descents over all seeds at once, against the same descents one seed after the other."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.measure import ROOT, compare, interleaved, seconds
from relearn.experiments import catalogue
from relearn.learning.descent import descend

PAIRS = 7


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time batch, mini-batch and stochastic descent of a line as the experiment runs them."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    params = catalogue.parameters(
        "gradient_descent", config["experiments"]["gradient_descent"], "as_published"
    )
    generator = np.random.default_rng(0)
    x = generator.uniform(0, params.extent, (params.seeds, params.samples))
    y = params.slope * x + params.intercept + params.noise * generator.normal(size=x.shape)
    start = generator.normal(size=(params.seeds, 2))

    def drawn(size: int) -> np.ndarray:
        return generator.integers(params.samples, size=(params.seeds, params.iterations, size))

    descents = {
        name: (params.rates[name], batches)
        for name, batches in (("bgd", None), ("mbgd", drawn(params.batch_size)), ("sgd", drawn(1)))
    }
    spent: dict[str, list[list[float]]] = {name: [[], []] for name in descents}

    def together() -> float:
        for name, (rate, batches) in descents.items():
            work = partial(descend, x, y, start, rate, params.iterations, batches)
            spent[name][1].append(seconds(work))
        return sum(spent[name][1][-1] for name in descents)

    def looped() -> float:
        for name, (rate, batches) in descents.items():
            work = partial(one_by_one, x, y, start, rate, params.iterations, batches)
            spent[name][0].append(seconds(work))
        return sum(spent[name][0][-1] for name in descents)

    for rate, batches in descents.values():
        np.testing.assert_allclose(
            descend(x, y, start, rate, params.iterations, batches),
            one_by_one(x, y, start, rate, params.iterations, batches),
            rtol=1e-9,
        )
    pairs = interleaved(looped, together, PAIRS)
    each = {
        name: statistics.median(sides[0]) / statistics.median(sides[1])
        for name, sides in spent.items()
    }
    unit = (
        f"seconds of a loop over {params.seeds} seeds / of one pass over all, by moments for batch "
        f"descent: {', '.join(f'{name} {ratio:.3g}' for name, ratio in each.items())}; all three"
    )
    return {"descent_vs_loop": compare(pairs, unit, ">= 30", each=each)}


def one_by_one(x, y, start, rate: float, steps: int, batches: np.ndarray | None) -> np.ndarray:
    """Return `descend`'s paths, one seed after the other."""
    return np.stack(
        [
            plain(x[s], y[s], start[s], rate, steps, None if batches is None else batches[s])
            for s in range(len(x))
        ]
    )


def plain(x, y, start, rate: float, steps: int, batches: np.ndarray | None) -> np.ndarray:
    """Descend for one seed, as a reader of the formula would write it with NumPy."""
    w, b = start
    path = [(w, b)]
    for step in range(steps):
        seen_x, seen_y = (x, y) if batches is None else (x[batches[step]], y[batches[step]])
        error = w * seen_x + b - seen_y
        w, b = w - rate * 2 * (error * seen_x).mean(), b - rate * 2 * error.mean()
        path.append((w, b))
    return np.array(path)
