"""The one look of all figures: type, lines, how numbers and long names are written."""

from __future__ import annotations

import re
import textwrap

import matplotlib
from matplotlib.ticker import LogFormatterSciNotation

from relearn.figures.palette import AXIS, FAINT, INK, PALETTE

FONT = "DejaVu Sans"  # comes with matplotlib and is wide: what it leaves room for, others fit in
STYLE = {
    "font.family": [FONT],
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": AXIS,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "figure.facecolor": "white",
}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
POWER = re.compile(r"\$\\mathdefault\{(−?)(?:(.*)\\times)?(\d+)\^\{(-?\d+)\}\}\$")


class Powers(LogFormatterSciNotation):
    """Writes 10⁻³ in plain characters, which the page's font has, instead of as mathematics."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        found = POWER.fullmatch(text)
        if not found:
            return text
        sign, factor, base, exponent = found.groups()
        if factor and exponent == "0":
            return f"{sign}{factor}"
        power = f"{base}{exponent.translate(SUPERSCRIPTS)}"
        return f"{sign}{factor} × {power}" if factor else f"{sign}{power}"


def lines(text: str, width: int) -> str:
    """Return a name broken at spaces into lines of at most `width` characters."""
    return textwrap.fill(text, width, break_on_hyphens=False, break_long_words=False)
