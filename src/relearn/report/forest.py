"""An effect as a picture in a line: its estimate and interval beside zero and the threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, MARGIN = 120, 6  # pixels


@dataclass(frozen=True)
class Plot:
    """Places in pixels from the left; `low` and `high` are equal where there is no interval."""

    zero: float
    threshold: float
    estimate: float
    low: float
    high: float


def plot(effect: Mapping[str, Any], kind: str) -> Plot | None:
    """Return an effect on a scale of its own that holds zero, the threshold and the interval.

    A fact of arithmetic and an effect without an interval have no picture.
    """
    numbers = [effect[key] for key in ("threshold", "estimate", "low", "high")]
    if kind == "exact" or None in numbers:
        return None
    least, most = min(0.0, *numbers), max(0.0, *numbers)
    scale = (WIDTH - 2 * MARGIN) / ((most - least) or 1.0)
    places = [round(MARGIN + (number - least) * scale, 1) for number in (0.0, *numbers)]
    return Plot(*places)


def size(effect: Mapping[str, Any], kind: str) -> str:
    """Return in a word where the interval lies: what the reader can filter the claims by."""
    low, high, threshold = (effect[key] for key in ("low", "high", "threshold"))
    if kind == "exact":
        return "exact"
    if low is None or high is None:
        return "uncertain"
    if low > threshold:
        return "large"
    if high >= threshold:
        return "uncertain"
    return "reversed" if high < 0 else "small"
