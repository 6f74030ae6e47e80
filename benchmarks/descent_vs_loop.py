"""Descents over all seeds at once, against the same descents one seed after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import compare, interleaved, seconds
from relearn.learning.descent import descend

SEEDS, SAMPLES, STEPS, BATCH, RATE = 400, 100, 300, 10, 0.01
PAIRS = 7


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time batch, mini-batch and stochastic descent of a line, as listing 10.2 runs them."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 2, (SEEDS, SAMPLES))
    y = 3 * x + 4 + generator.normal(size=x.shape)
    start = generator.normal(size=(SEEDS, 2))
    batches = {
        "batch": None,
        "mini-batch": generator.integers(SAMPLES, size=(SEEDS, STEPS, BATCH)),
        "stochastic": generator.integers(SAMPLES, size=(SEEDS, STEPS, 1)),
    }

    def together() -> dict[str, np.ndarray]:
        return {name: descend(x, y, start, RATE, STEPS, drawn) for name, drawn in batches.items()}

    def looped() -> dict[str, np.ndarray]:
        return {
            name: np.stack(
                [
                    plain(x[s], y[s], start[s], drawn if drawn is None else drawn[s])
                    for s in range(SEEDS)
                ]
            )
            for name, drawn in batches.items()
        }

    ours, theirs = together(), looped()
    for name in batches:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9)
    pairs = interleaved(lambda: seconds(looped), lambda: seconds(together), PAIRS)
    unit = f"seconds of a loop over {SEEDS} seeds / seconds of one pass over all"
    return {"descent_vs_loop": compare(pairs, unit, ">= 30")}


def plain(x: np.ndarray, y: np.ndarray, start: np.ndarray, batches: np.ndarray | None):
    """Descend for one seed, as a reader of the formula would write it with NumPy."""
    w, b = start
    path = [(w, b)]
    for step in range(STEPS):
        seen_x, seen_y = (x, y) if batches is None else (x[batches[step]], y[batches[step]])
        error = w * seen_x + b - seen_y
        w, b = w - RATE * 2 * (error * seen_x).mean(), b - RATE * 2 * error.mean()
        path.append((w, b))
    return np.array(path)
