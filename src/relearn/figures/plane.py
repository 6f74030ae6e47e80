"""A panel whose two axes are coordinates of a plane: classes as regions, a loss as rings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from relearn.figures.palette import AXIS
from relearn.figures.panel import Panel, reach

FEW = 4  # points that are read out each


class Plane(Panel):
    """A panel over a plane."""

    WIDTH, DOT = 1.2, 3  # a path may turn back and forth

    def points(self, x, y, label: str) -> None:
        """Draw open points at x, y, both (n,); few are read out by both coordinates."""
        super().points(x, y, label)
        places = np.stack([x, y], axis=-1) + 0.0  # no negative zero
        where = f"{len(places)} points, {_reach(places)}"
        if len(places) <= FEW:
            where = "at " + ", ".join(f"({left:.3g}, {up:.3g})" for left, up in places)
        self.parts[-1].attrs["said"] = f"{label}: {where}."

    def regions(self, values: np.ndarray, extent: float, label: str, like: str) -> None:
        """Fill where values on a grid (rows upwards, columns) over [−extent, extent]² are above 0.

        Between the grid's points they are linear. Room for a legend is left above the square.

        Args:
            like: the series, drawn before, whose colour the region has.
        """
        colour = self._colours[label] = self._colours[like]
        axis = np.linspace(-extent, extent, len(values))
        levels = [0, max(1, values.max() + 1)]
        drawn = self._axes.contourf(axis, axis, values, levels, colors=[colour], alpha=0.25)
        share = f"{label}: {np.mean(values > 0):.0%} of the square."
        edge = drawn.get_paths()[0].vertices
        nowhere = np.full((1, 2), np.nan)
        self._record(label, *(edge if len(edge) else nowhere).T, said=share)
        self._axes.fill([], [], color=colour, alpha=0.25, label=label)
        self._axes.set(xlim=(-extent, extent), ylim=(-extent, 1.9 * extent), yticks=[-1, 0, 1])
        self._axes.grid(False)

    def rings(
        self,
        rings: Mapping[str, np.ndarray],
        x: tuple[float, float],
        y: tuple[float, float],
        name: str,
    ) -> None:
        """Draw closed curves (n, 2) inside a window, each with its name at its top left.

        Args:
            x, y: the window's ends; what lies beyond them is cut off.
            name: what all rings are, before each one's name in the data.
        """
        for own, places in rings.items():
            series = f"{name} {own}"
            self._record(series, *places.T, said=f"{series}: a ring, {_reach(places)}.")
            self._axes.plot(*places.T, color=AXIS, linewidth=0.8, alpha=0.6, zorder=1)
            fine = np.linspace(0, 1, 5000)
            steps = np.linspace(0, 1, len(places))
            places = np.stack([np.interp(fine, steps, each) for each in places.T], axis=-1)
            seen = places[((places > (x[0], y[0])) & (places < (x[1], y[1]))).all(axis=1)]
            if len(seen):
                high = seen[seen[:, 1] > seen[:, 1].max() - 0.01 * (y[1] - y[0])]
                self._write(own, high[high[:, 0].argmin()], 8, (3, -2), va="top")
        self._axes.set(xlim=x, ylim=y)
        self._axes.grid(False)

    def _name_lines(self) -> bool:
        """Write each name above the begin of its line."""
        for name, places in self._lines.items():
            self._write(name, places[0], 9, (0, 7), va="bottom")
        return True

    def _write(self, text: str, place, size: int, offset: tuple[int, int], va: str) -> None:
        self._axes.annotate(text, place, offset, textcoords="offset points", va=va, fontsize=size)


def _reach(places: np.ndarray) -> str:
    """Return in words how far places (n, 2) reach."""
    return f"{reach(places[:, 0])} across and {reach(places[:, 1])} up"
