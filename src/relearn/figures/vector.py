"""What a figure's SVG says about itself: its panels' boxes, its words as words, its slider.

A page can then give each panel a place of its own, set the words in another language, and move the
slider. Matplotlib's groups get these attributes:

- `data-cell` of an axes' group: left, top, width and height of the panel, in points;
- `data-label` of a text's group: the words, unbroken; `data-hold` says which of its ends stays
  where it is if the number of lines changes, `top` or `bottom`;
- `data-frame` of a mark's group: the frame that it belongs to; `data-slider`, `data-stops` and
  `data-shown` of the SVG: the slider's name, its stops as JSON, and the frame of a still picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from matplotlib.figure import Figure as Sheet
from matplotlib.text import Text

from relearn.figures import raster

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FRAME, WORDS = "frame-{}", "words-{}"
LETTER = re.compile(r"[^\W\d_]")
ANCHORS = {"left": "start", "center": "middle", "right": "end"}
FONT_FAMILY = re.compile(r"\s*font-family:[^;]*;?")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
PLACES = ("d", "x", "y", "points", "transform")  # attributes that say where, in points


@dataclass(frozen=True)
class Slider:
    """What the reader may change: its name, the value at each stop, and the stop shown at first."""

    name: str
    stops: list[str]
    shown: int


@dataclass(frozen=True)
class Words:
    """A text of a figure: unbroken, with the place that its lines are aligned at."""

    text: str
    x: float
    anchor: str
    hold: str


def mark(sheet: Sheet) -> dict[str, Words]:
    """Give every text of a figure a name in its SVG; return the names' texts."""
    found = {}
    texts = [text for text in sheet.findobj(Text) if LETTER.search(text.get_text())]
    for number, text in enumerate(texts):
        name = text.get_gid() or WORDS.format(number)
        text.set_gid(name)
        x, _ = text.get_transform().transform(text.get_unitless_position())
        unbroken = text.get_text().replace("\n", " ")
        hold = "top" if text.get_va() in ("top", "center") else "bottom"
        found[name] = Words(unbroken, round(float(x), 2), ANCHORS[text.get_ha()], hold)
    return found


def finish(
    svg: str,
    words: Mapping[str, Words],
    cells: Sequence[tuple[float, ...]],
    slider: Slider | None,
) -> str:
    """Return the SVG with the attributes above, its places to a hundredth of a point."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)
    raster.settle(root)
    groups = {group.get("id"): group for group in root.iter(f"{{{SVG}}}g")}
    for number, cell in enumerate(cells, start=1):
        groups[f"axes_{number}"].set("data-cell", " ".join(f"{value:g}" for value in cell))
    for name, group in groups.items():
        if name in words:
            _set_words(group, words[name])
        if found := re.match(FRAME.format(r"(\d+)-"), name or ""):
            group.set("data-frame", found[1])
            if int(found[1]) != slider.shown:
                group.set("display", "none")
    if slider:
        root.set("data-slider", slider.name)
        root.set("data-stops", json.dumps(slider.stops, ensure_ascii=False))
        root.set("data-shown", str(slider.shown))
    for group in root.iter(f"{{{SVG}}}g"):
        _share_style(group)
    for text in root.iter(f"{{{SVG}}}text"):
        text.set("style", FONT_FAMILY.sub("", text.get("style")).strip())
    for element in root.iter():
        for name in PLACES:
            if value := element.get(name):
                element.set(name, LONG_NUMBER.sub(_rounded, value))
    root.set("font-family", "DejaVu Sans, sans-serif")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _set_words(group: ElementTree.Element, words: Words) -> None:
    group.set("data-label", words.text)
    group.set("data-hold", words.hold)
    lines = group.findall(f"{{{SVG}}}text")
    if len(lines) < 2:
        return
    # Matplotlib places each line of several by itself, at its left end in a font of its own.
    for line in lines:
        place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)(.*)", line.get("transform"))
        if "rotate" in place[3]:
            continue
        line.set("x", f"{words.x:g}")
        line.set("y", place[2])
        line.set("style", f"{line.get('style')}; text-anchor: {words.anchor}")
        del line.attrib["transform"]


def _share_style(group: ElementTree.Element) -> None:
    """Say once for a group what each of its marks says for itself."""
    marks = list(group)
    styles = {mark.get("style") for mark in marks if mark.tag == f"{{{SVG}}}use"}
    if len(marks) > 1 and len(styles) == 1 and all(mark.tag == f"{{{SVG}}}use" for mark in marks):
        group.set("style", marks[0].get("style"))
        for mark in marks:
            del mark.attrib["style"]


def _rounded(number: re.Match) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
