"""The one look of all figures: palette, panels, intervals; every mark's data is kept with it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from relearn.files import whole
from relearn.runs.evidence import interval

# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), told apart with any colour vision.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
INK, FAINT = "#26323a", "#d5dbdf"
STYLE = {
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#8a959c",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.8,
    "svg.fonttype": "path",
    "figure.facecolor": "white",
}
PAGE_WIDTH, PANEL_HEIGHT = 10.0, 3.1  # inches


class Figure:
    """A row of panels. `table` holds what is drawn: panel, series, x, y, low, high.

    Args:
        columns: panels in the row.
        widths: their relative widths; equal if absent.
        height: inches.
    """

    def __init__(
        self, columns: int, widths: Sequence[float] | None = None, height: float = PANEL_HEIGHT
    ):
        matplotlib.rcParams.update(STYLE)
        size = (PAGE_WIDTH, height)
        self._sheet = Sheet(figsize=size, layout="constrained")
        self._sheet.get_layout_engine().set(wspace=0.06)
        self._free = iter(self._sheet.subplots(1, columns, squeeze=False, width_ratios=widths)[0])
        self._characters = int(85 / columns)
        self.panels: list[Panel] = []

    def panel(self, title: str) -> Panel:
        """Return the next panel from the left."""
        self.panels.append(Panel(next(self._free), title, self._characters))
        return self.panels[-1]

    def table(self) -> pd.DataFrame:
        """Return every mark of every panel, in the order of drawing."""
        return pd.concat([part for panel in self.panels for part in panel.parts], ignore_index=True)

    def description(self) -> str:
        """Return a text alternative: what each panel shows, with the ends of each series."""
        return " ".join(panel.description() for panel in self.panels)

    def save(self, svg: Path, csv: Path, salt: str) -> None:
        """Write the picture and its data; equal data give equal bytes.

        Args:
            salt: makes the picture's internal names its own; equal for equal pictures.
        """
        buffer = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": salt}):
            for panel in self.panels:
                panel.finish()
            self._settle()
            self._sheet.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        with whole(svg) as path:
            path.write_text(buffer.getvalue())
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


class Panel:
    """One pair of axes; titles and names are broken into lines of `characters`."""

    def __init__(self, axes: Axes, title: str, characters: int):
        self.title = title
        self.parts: list[pd.DataFrame] = []
        self._axes = axes
        self._characters = characters
        self._names = ("", "")
        self._means: dict[str, str] = {}
        axes.set_title(textwrap.fill(title, characters))

    def _keep(self, series: str, x, y, low=None, high=None) -> str:
        nothing = np.full(len(np.atleast_1d(y)), np.nan)
        columns = {"x": x, "y": y, "low": nothing, "high": nothing}
        if low is not None:
            columns |= {"low": low, "high": high}
        frame = pd.DataFrame({name: np.asarray(value) for name, value in columns.items()})
        frame.insert(0, "series", series)
        frame.insert(0, "panel", self.title)
        self.parts.append(frame)
        return PALETTE[(len(self.parts) - 1) % len(PALETTE)]

    def line(self, x, y, label: str, marker: bool = False) -> None:
        """Draw y against x, both (n,)."""
        colour = self._keep(label, x, y)
        self._axes.plot(x, y, color=colour, label=label, marker="o" if marker else "", markersize=4)

    def paths(self, x, values: np.ndarray, label: str) -> None:
        """Draw values (k, n) over x as k thin lines of one colour and one name."""
        colour = self._keep(label, np.tile(x, len(values)), np.ravel(values))
        lines = self._axes.plot(x, np.transpose(values), color=colour, linewidth=1.1)
        lines[0].set_label(label)

    def points(self, x, y, label: str) -> None:
        """Draw open points at x, y, both (n,)."""
        colour = self._keep(label, x, y)
        self._axes.plot(x, y, "o", color=colour, label=label, markersize=9, fillstyle="none")
        if isinstance(x[0], str):
            self._axes.margins(x=0.4)

    def spread(self, x, values: np.ndarray, label: str, marker: bool = False) -> None:
        """Draw values (S, n) over seeds: the median, and the middle 90 % of seeds as a band."""
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
        alone = len(values) == 1
        if not alone:
            self._means[label] = f" (median of {len(values)} seeds)"
        colour = self._keep(label, x, middle, *(() if alone else (low, high)))
        style = {"marker": "o" if marker else "", "markersize": 4}
        self._axes.plot(x, middle, color=colour, label=label, **style)
        if not alone:
            self._axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)

    def bars(self, names: Sequence[str], values, label: str) -> None:
        """Draw a bar a name."""
        colour = self._keep(label, names, values)
        self._axes.bar(names, values, color=colour, label=label, width=0.6)

    def intervals(self, series: Mapping[str, Sequence[float]], dots: bool = False) -> None:
        """Draw each series' mean over seeds with its 95 % t interval, one row each.

        Args:
            dots: show each seed as well.
        """
        for row, (name, values) in enumerate(series.items()):
            mean, low, high = interval(np.asarray(values, dtype=float))
            self._keep(name, [row], [mean], [low], [high])
            colour = PALETTE[0]  # the rows are told apart by their names
            if dots:
                self._axes.plot(values, np.full(len(values), row + 0.18), "|", color=colour)
            self._axes.plot([low, high], [row, row], color=colour, linewidth=3, alpha=0.45)
            self._axes.plot([mean], [row], "o", color=colour, markersize=6)
        names = [textwrap.fill(name, 18) for name in series]
        self._axes.set_yticks(range(len(series)), names)
        self._axes.set_ylim(len(series) - 0.4, -0.6)

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

    def images(self, rows: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Draw rows of grey images (H, W) in [0, 1], each row with its name; black on white."""
        gap = 2
        strips = []
        for row, (name, pictures) in enumerate(rows.items()):
            framed = [np.pad(picture, gap) for picture in pictures]
            strips.append(np.concatenate(framed, axis=1))
            self._keep(name, [row], [len(pictures)])
        sheet = np.concatenate(strips)
        self._axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        height = strips[0].shape[0]
        self._axes.set_yticks([height * (row + 0.5) for row in range(len(rows))], list(rows))
        self._axes.set_xticks([])
        self._axes.grid(False)
        self._axes.tick_params(left=False)
        for spine in self._axes.spines.values():
            spine.set_visible(False)

    def grid(
        self, columns: Sequence[int], rows: Mapping[str, np.ndarray], low: float, high: float
    ) -> None:
        """Draw a heat map with its values printed, one decimal, in the cells.

        Args:
            columns: the number below each column.
            rows: name to values, one a column; first row at the bottom.
            low, high: values of the lightest and the darkest colour; beyond them it stays.
        """
        values = np.array(list(rows.values()), dtype=float)
        for name, row in rows.items():
            self._keep(name, columns, row)
        self._axes.imshow(
            values, cmap="Blues", vmin=low, vmax=high, aspect="auto", origin="lower", alpha=0.9
        )
        for row, column in np.ndindex(values.shape):
            value = values[row, column]
            # Half-way the map is mid-blue, on which white reads better than ink.
            ink = "white" if value > low + 0.55 * (high - low) else INK
            text = f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
            self._axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
        self._axes.set_xticks(range(len(columns)), [str(column) for column in columns])
        self._axes.set_yticks(range(len(rows)), list(rows))
        self._axes.grid(False)
        self._axes.tick_params(left=False, bottom=False)

    def axes(
        self, x: str, y: str, zero: bool = False, log: bool = False, log_x: bool = False
    ) -> None:
        """Name the axes with their units.

        Args:
            zero: mark zero on the axis that carries the values.
            log, log_x: make the vertical or the horizontal axis logarithmic.
        """
        self._names = (x, y)
        self._axes.set_xlabel(textwrap.fill(x, self._characters + 5))
        self._axes.set_ylabel(y)
        if log:
            self._axes.set_yscale("log")
        if log_x:
            self._axes.set_xscale("log")
        if zero and not y:
            self._axes.axvline(0, color=INK, linewidth=0.8)
        elif zero:
            self._axes.axhline(0, color=INK, linewidth=0.8)

    def finish(self) -> None:
        """Add a legend where more than one labelled series is drawn."""
        _, labels = self._axes.get_legend_handles_labels()
        if len(labels) > 1:
            self._axes.legend(fontsize=9)

    def description(self) -> str:
        """Return the panel in words: its axes, and each series' ends and extremes."""
        x, y = self._names
        axes = f" ({y} against {x})" if x and y else f" ({x or y})" if x or y else ""
        series = []
        for part in self.parts:
            name = part["series"].iloc[0]
            places, values = part["x"].tolist(), part["y"].to_numpy()
            if isinstance(places[0], str):
                pairs = zip(places, values, strict=True)
                text = ", ".join(f"{place} {value:.3g}" for place, value in pairs)
            elif len(values) == 1:
                text = f"{values[0]:.3g}"
                if np.isfinite(part["low"].iloc[0]):
                    text += f" [{part['low'].iloc[0]:.3g}, {part['high'].iloc[0]:.3g}]"
            else:
                text = f"{values[0]:.3g} at {places[0]:.3g}, {values[-1]:.3g} at {places[-1]:.3g}"
                text += f", between {values.min():.3g} and {values.max():.3g}"
            series.append(f"{name}{self._means.get(name, '')} {text}")
        return f"{self.title}{axes}: {'; '.join(series)}."
