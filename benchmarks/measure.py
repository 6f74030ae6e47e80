"""Interleaved pairs of timings, the ratio that they show, and the machine that showed it."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from scipy.stats import binom

from relearn.runs.provenance import processor

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn", "snakemake", "mlflow")


def seconds(work: Callable[[], Any]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(slow: Callable[[], T], fast: Callable[[], T], pairs: int) -> list[tuple[T, T]]:
    """Time both sides `pairs` times in turn, the first side alternating.

    Args:
        slow, fast: do the work of one side and return its seconds, or several.
        pairs: how often; what the machine does beside falls on both sides alike.
    """
    found = []
    for index in range(pairs):
        if index % 2:
            right = fast()
            found.append((slow(), right))
        else:
            left = slow()
            found.append((left, fast()))
    return found


def compare(
    pairs: Sequence[tuple[float, float]], unit: str, goal: str, **more: Any
) -> dict[str, Any]:
    """Return the entry of one benchmark.

    Args:
        pairs: (numerator, denominator) of each pair.
        unit: what the ratio compares, in words.
        goal: the bound that was set before measuring, as ">= 13" or "<= 1.5"; "" if none was.
        more: facts to keep beside it.
    """
    found = absolute([left / right for left, right in pairs], unit, goal)
    found["pairs"] = [list(pair) for pair in pairs]
    found["medians"] = [statistics.median(side) for side in zip(*pairs, strict=True)]
    return found | more


def absolute(values: Sequence[float], unit: str, goal: str, **more: Any) -> dict[str, Any]:
    """Return the entry of a benchmark whose figures stand for themselves, such as seconds."""
    low, high, confidence = median_interval(values)
    return {
        "ratio": statistics.median(values),
        "low": low,
        "high": high,
        "confidence": confidence,
        "unit": unit,
        "goal": goal,
        "pairs": [[value] for value in values],
        **more,
    }


def median_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Return an interval for the median and the confidence that it has.

    The narrowest pair of order statistics, one from each end, that covers the median with at
    least `level` (Conover, Practical Nonparametric Statistics, 3.2); with fewer than six values
    all of them, at the lower confidence that this gives.
    """
    ordered, count = sorted(values), len(values)
    spare = 1 - level
    cuts = [k for k in range((count + 1) // 2) if 2 * binom.cdf(k, count, 0.5) <= spare]
    cut = max(cuts, default=0)
    return ordered[cut], ordered[-1 - cut], float(1 - 2 * binom.cdf(cut, count, 0.5))


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, versions."""
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "vector_instructions": _vectors(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
    }


def _vectors() -> str:
    import torch

    return torch.backends.cpu.get_cpu_capability()


# Numerical libraries read it when they load: for a process that a benchmark starts.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def met(entry: Mapping[str, Any]) -> bool | None:
    """Return whether an entry's ratio keeps its goal; None if it has none."""
    if not entry["goal"]:
        return None
    sign, bound = entry["goal"].split()
    return {">=": entry["ratio"] >= float(bound), "<=": entry["ratio"] <= float(bound)}[sign]
