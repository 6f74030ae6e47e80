"""A panel whose two axes are coordinates of a plane: classes as regions, a loss as rings."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np

from relearn.figures.palette import AXIS
from relearn.figures.panel import Panel


class Plane(Panel):
    """A panel over a plane."""

    WIDTH, DOT = 1.2, 3  # a path may turn back and forth

    def regions(self, positive: np.ndarray, extent: float, label: str) -> None:
        """Shade where a grid (rows upwards, columns) over [−extent, extent]² is true.

        Room for a legend is left above the square.
        """
        rows, columns = positive.nonzero()
        size = len(positive)
        step = 2 * extent / (size - 1)
        colour = self._keep(label, columns * step - extent, rows * step - extent)
        edge = extent + step / 2
        shade = np.zeros((size, size, 4))
        shade[:] = matplotlib.colors.to_rgba(colour, 0.25)
        shade[~positive, 3] = 0
        self._axes.imshow(
            shade, extent=(-edge, edge, -edge, edge), origin="lower", interpolation="nearest"
        )
        self._axes.fill([], [], color=colour, alpha=0.25, label=label)
        self._axes.set(xlim=(-edge, edge), ylim=(-edge, 1.9 * edge), yticks=[-1, 0, 1])
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
            self._record(f"{name} {own}", *places.T)
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
