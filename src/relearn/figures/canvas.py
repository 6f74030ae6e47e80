"""A figure of panels whose every mark is kept as data too; saved so that a page can use it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Sheet

from relearn.figures import vector
from relearn.figures.panel import Panel
from relearn.figures.style import STYLE
from relearn.files import whole

Kind = TypeVar("Kind", bound=Panel)
PAGE_WIDTH, PANEL_HEIGHT = 10.0, 3.1  # inches
POINTS = 72  # an inch; figures are laid out in points, as an SVG's places are


class Figure:
    """Rows of panels. `table` holds what is drawn: panel, frame, series, x, y, low, high.

    Args:
        columns, rows: how many panels.
        widths: the columns' relative widths; equal if absent.
        height: inches of a row.
    """

    def __init__(
        self,
        columns: int,
        rows: int = 1,
        widths: Sequence[float] | None = None,
        height: float = PANEL_HEIGHT,
    ):
        matplotlib.rcParams.update(STYLE)
        size = (PAGE_WIDTH, height * rows)
        self._sheet = Sheet(figsize=size, dpi=POINTS, layout="constrained")
        self._sheet.get_layout_engine().set(wspace=0.06, hspace=0.06)
        self._columns = columns
        self._axes = self._sheet.subplots(rows, columns, squeeze=False, width_ratios=widths).ravel()
        self._characters = [
            int(85 * share / sum(widths)) if widths else int(85 / columns)
            for share in (widths or [1] * columns)
        ]
        self.panels: list[Panel] = []
        self.slider: vector.Slider | None = None

    def panel(self, title: str, kind: type[Kind] = Panel) -> Kind:
        """Return the next panel, from the left and from above."""
        place = len(self.panels)
        characters = self._characters[place % self._columns]
        self.panels.append(kind(self._axes[place], title, characters))
        return self.panels[-1]

    def frames(self, name: str, stops: Sequence[str], shown: int) -> Iterator[int]:
        """Yield the number of each frame; what is drawn meanwhile belongs to that frame.

        A page shows one frame at a time, moved by a slider; what is drawn before or after is always
        there. A figure has one slider.

        Args:
            name: what the slider changes, with its unit.
            stops: the value of each frame.
            shown: the frame that a still picture shows.
        """
        self.slider = vector.Slider(name, list(stops), shown)
        for number, stop in enumerate(stops):
            with self._frame(number, stop):
                yield number

    @contextmanager
    def _frame(self, number: int, stop: str) -> Iterator[None]:
        for panel in self.panels:
            panel.begin(stop)
        yield
        for place, panel in enumerate(self.panels):
            panel.end(f"{vector.FRAME.format(number)}-{place}")

    def table(self) -> pd.DataFrame:
        """Return every mark of every panel, in the order of drawing."""
        return pd.concat([part for panel in self.panels for part in panel.parts], ignore_index=True)

    def description(self) -> str:
        """Return a text alternative in lines: what each panel shows, each series' ends."""
        lines = []
        if self.slider:
            stops = self.slider.stops
            lines.append(f"A slider sets {self.slider.name}, {stops[0]} to {stops[-1]}.")
        for panel in self.panels:
            lines += panel.description()
        return "\n".join(lines)

    def save(self, svg: Path, csv: Path, salt: str) -> None:
        """Write the picture and its data; equal data give equal bytes.

        Args:
            salt: makes the picture's internal names its own; equal for equal pictures.
        """
        for axes in self._axes[len(self.panels) :]:
            axes.remove()
        buffer = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": salt}):
            for panel in self.panels:
                panel.finish()
            self._settle()
            words = vector.mark(self._sheet)
            self._sheet.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        with whole(svg) as path:
            path.write_text(
                vector.finish(buffer.getvalue(), words, self._cells(), self.slider),
                encoding="utf-8",
            )
        with whole(csv) as path:
            self.table().to_csv(path, index=False)

    def _settle(self) -> None:
        """Lay the panels out and keep their places, rounded.

        The solver of the layout leaves last bits that differ between two drawings of one figure.
        """
        self._sheet.draw_without_rendering()
        self._sheet.set_layout_engine("none")
        for axes in self._sheet.axes:
            axes.set_position(np.round(axes.get_position(original=True).bounds, 4))
            axes.apply_aspect()  # else titles are told where they would stand beside wider axes

    def _cells(self) -> list[tuple[float, float, float, float]]:
        """Return the box of each panel with its labels: left, top, width, height in points."""
        height = self._sheet.get_figheight() * POINTS
        cells = []
        for panel in self.panels:
            box = panel.extent()
            cells.append((box.x0, height - box.y1, box.width, box.height))
        return [tuple(np.round(cell, 1).tolist()) for cell in cells]
