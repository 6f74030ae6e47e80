"""One pair of axes and the marks that it can carry; each mark's numbers are kept beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.transforms import Bbox

from relearn.figures.palette import FIXED, INK, PALETTE
from relearn.figures.style import STYLE, Powers, lines
from relearn.runs.evidence import interval

NAMED = 14  # characters of a name that has room beside the end of its line
APART = 0.085  # of the axes' height, between two such names


class Panel:
    """A titled pair of axes; titles and names are broken into lines of `characters`."""

    WIDTH, DOT = STYLE["lines.linewidth"], 4  # points, of a line and of the dots on it

    def __init__(self, axes: Axes, title: str, characters: int):
        self.title = title
        self.parts: list[pd.DataFrame] = []
        self._axes = axes
        self._characters = characters
        self._names = ("", "")
        self._means: dict[str, str] = {}
        self._colours: dict[str, str] = {}
        self._lines: dict[str, np.ndarray] = {}
        self._frame = ""
        self._before: list = []
        axes.set_title(lines(title, characters))

    def begin(self, stop: str) -> None:
        """Let what is drawn from now on belong to one frame of the figure's slider."""
        self._frame, self._before = stop, list(self._axes.get_children())

    def end(self, name: str) -> None:
        """End the frame; its marks get `name` and a number as their names in the SVG."""
        known = {id(artist) for artist in self._before}
        new = [artist for artist in self._axes.get_children() if id(artist) not in known]
        for count, artist in enumerate(new):
            artist.set_gid(f"{name}-{count}")
        self._frame = ""

    def extent(self) -> Bbox:
        """Return the box around the axes and all that belongs to them, in points."""
        return self._axes.get_tightbbox().padded(2)

    def _keep(self, series: str, x, y, low=None, high=None, said: str = "") -> str:
        """Keep a mark's numbers; return its series' colour."""
        self._record(series, x, y, low, high, said)
        return self._colours.setdefault(series, PALETTE[len(self._colours) % len(PALETTE)])

    def _record(self, series: str, x, y, low=None, high=None, said: str = "") -> None:
        nothing = np.full(len(np.atleast_1d(y)), np.nan)
        columns = {"x": x, "y": y, "low": nothing, "high": nothing}
        if low is not None:
            columns |= {"low": low, "high": high}
        frame = pd.DataFrame({name: np.asarray(value) for name, value in columns.items()})
        frame.insert(0, "series", series)
        frame.insert(0, "frame", self._frame)
        frame.insert(0, "panel", self.title)
        frame.attrs["said"] = said  # the mark in words, where its numbers do not say it
        self.parts.append(frame)

    def line(self, x, y, label: str, marker: bool = False) -> None:
        """Draw y against x, both (n,)."""
        colour = self._keep(label, x, y)
        style = {"linewidth": self.WIDTH, "marker": "o" if marker else "", "markersize": self.DOT}
        self._axes.plot(x, y, color=colour, label=label, **style)
        if not self._frame:  # else it is elsewhere in another frame
            self._lines[label] = np.stack([x, y], axis=-1)

    def paths(self, x, values: np.ndarray, label: str) -> None:
        """Draw values (k, n) over x as k thin lines of one colour and one name."""
        ends = " and ".join(f"{reach(values[:, at])} at {x[at]:.3g}" for at in (0, -1))
        said = f"{label}: {len(values)} paths, {ends}, between {reach(values, ' and ')}."
        colour = self._keep(label, np.tile(x, len(values)), np.ravel(values), said=said)
        drawn = self._axes.plot(x, np.transpose(values), color=colour, linewidth=1.1)
        drawn[0].set_label(label)

    def points(self, x, y, label: str) -> None:
        """Draw open points at x, y, both (n,)."""
        colour = self._keep(label, x, y)
        self._axes.plot(x, y, "o", color=colour, label=label, fillstyle="none", markersize=7)
        if isinstance(x[0], str):
            self._axes.margins(x=0.4)

    def spread(self, x, values: np.ndarray, label: str, marker: bool = False) -> None:
        """Draw values (S, n) over seeds: the median, and the middle 90 % of seeds as a band."""
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
        alone = len(values) == 1
        if not alone:
            self._means[label] = f" (median of {len(values)} seeds)"
        colour = self._keep(label, x, middle, *(() if alone else (low, high)))
        style = {"marker": "o" if marker else "", "markersize": self.DOT}
        self._axes.plot(x, middle, color=colour, label=label, **style)
        self._lines[label] = np.stack([x, middle], axis=-1)
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
        self._axes.set_yticks(range(len(series)), [lines(name, 18) for name in series])
        self._axes.set_ylim(len(series) - 0.4, -0.6)

    def grid(
        self,
        columns: Sequence[int],
        rows: Mapping[str, np.ndarray],
        low: float,
        high: float,
        digits: int = 1,
    ) -> None:
        """Draw a heat map with its values printed in the cells.

        Args:
            columns: the number below each column.
            rows: name to values, one a column; first row at the bottom.
            low, high: values of the lightest and the darkest colour; beyond them it stays.
            digits: decimals of the printed values.
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
            ink = "#ffffff" if value > low + 0.55 * (high - low) else FIXED
            text = f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
            self._axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
        self._axes.set_xticks(range(len(columns)), [str(column) for column in columns])
        self._axes.set_yticks(range(len(rows)), list(rows))
        self._axes.grid(False)
        self._axes.tick_params(left=False, bottom=False)

    def axes(
        self,
        x: str,
        y: str,
        zero: bool = False,
        log: bool = False,
        log_x: bool = False,
        ends: tuple[float, float] | None = None,
    ) -> None:
        """Name the axes with their units.

        Args:
            zero: mark zero on the axis that carries the values.
            log, log_x: make the vertical or the horizontal axis logarithmic.
            ends: of the vertical axis; what lies beyond is cut off. All that is drawn, if absent.
        """
        self._names = (x, y)
        self._axes.set_xlabel(lines(x, self._characters + 5))
        self._axes.set_ylabel(lines(y, 40))
        if log:
            self._axes.set_yscale("log")
            self._write_powers(self._axes.yaxis)
        if log_x:
            self._axes.set_xscale("log")
            self._write_powers(self._axes.xaxis)
        if ends:
            self._axes.set_ylim(*ends)
        if zero and not y:
            self._axes.axvline(0, color=INK, linewidth=0.8)
        elif zero:
            self._axes.axhline(0, color=INK, linewidth=0.8)

    def _write_powers(self, axis: Axis) -> None:
        axis.set_major_formatter(Powers())
        axis.set_minor_formatter(Powers())

    def finish(self) -> None:
        """Name the series where there are several: at the ends of their lines, or in a legend."""
        handles, labels = self._axes.get_legend_handles_labels()
        first = dict(reversed(list(zip(labels, handles, strict=True))))
        if len(first) < 2:
            return
        if set(self._lines) != set(first) or not self._name_lines():
            order = dict.fromkeys(labels)
            self._axes.legend([first[label] for label in order], list(order))

    def _name_lines(self) -> bool:
        """Write each name at the end of its line, if all are short, end together and have room."""
        ends = {name: places[-1] for name, places in self._lines.items()}
        if max(map(len, ends)) > NAMED or len({x for x, _ in ends.values()}) > 1:
            return False
        to_axes = self._axes.transData + self._axes.transAxes.inverted()
        self._axes.autoscale_view()
        heights = {name: to_axes.transform(end)[1] for name, end in ends.items()}
        if not np.isfinite(list(heights.values())).all():
            return False
        order = sorted(heights, key=heights.get)
        places = np.array([heights[name] for name in order])
        for _ in range(100):  # push neighbours apart, half the missing distance each
            gaps = APART - np.diff(places)
            if (gaps < 1e-3).all():
                break
            push = np.maximum(gaps, 0) / 2
            places[1:] += push
            places[:-1] -= push
        if np.abs(places - [heights[name] for name in order]).max() > 1.5 * APART:
            return False
        places -= max(0, places[-1] - 0.97)  # none beside the title
        for name, place in zip(order, places, strict=True):
            self._axes.annotate(
                name,
                (1, heights[name]),
                (1.03, place),
                "axes fraction",
                "axes fraction",
                {
                    "arrowstyle": "-",
                    "color": self._colours[name],
                    "shrinkA": 0,
                    "shrinkB": 0,
                    "relpos": (0, 0.5),  # from the middle it would cross other names
                },
                va="center",
                fontsize=9,
                annotation_clip=False,
            )
        return True

    def description(self) -> list[str]:
        """Return the panel in lines of words: its axes, then each series' ends and extremes.

        A line about what one stop of the slider shows begins with "At <stop>: ".
        """
        x, y = self._names
        axes = f", {y} against {x}" if x and y else f", {x or y}" if x or y else ""
        lines = [f"Panel “{self.title}”{axes}."]
        for part in self.parts:
            stop = part["frame"].iloc[0]
            lines.append((f"At {stop}: " if stop else "") + self._series(part))
        return lines

    def _series(self, part: pd.DataFrame) -> str:
        if part.attrs["said"]:
            return part.attrs["said"]
        name = part["series"].iloc[0] + self._means.get(part["series"].iloc[0], "")
        places, values = part["x"].tolist(), part["y"].to_numpy() + 0.0  # no negative zero
        if isinstance(places[0], str):
            pairs = zip(places, values, strict=True)
            return f"{name}: values {', '.join(f'{place} {value:.3g}' for place, value in pairs)}."
        if len(values) == 1:
            text = f"{name}: value {values[0]:.3g}"
            if np.isfinite(part["low"].iloc[0]):
                text += f", interval {part['low'].iloc[0]:.3g} to {part['high'].iloc[0]:.3g}"
            return f"{text}."
        if len(set(places)) == 1:
            return f"{name}: values {', '.join(f'{value:.3g}' for value in values)}."
        return (
            f"{name}: from {values[0]:.3g} at {places[0]:.3g} to {values[-1]:.3g} at "
            f"{places[-1]:.3g}, between {reach(values, ' and ')}."
        )


def reach(values: np.ndarray, between: str = " to ") -> str:
    """Return the least and the greatest value in words."""
    least, greatest = values.min() + 0.0, values.max() + 0.0  # no negative zero
    return f"{least:.3g}{between}{greatest:.3g}"
