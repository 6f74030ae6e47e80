"""Fits a figure into a page: each panel an element of its own, its words in every language."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree

from markupsafe import Markup

from relearn.errors import RelearnError
from relearn.figures.palette import AXIS, FAINT, INK, PALETTE
from relearn.report.language import ENGLISH, Languages

PIXELS_PER_POINT = 4 / 3
SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
REFERENCE = re.compile(r"url\(#([^)]+)\)")
BREAK = re.compile(r"[A-Za-z0-9.,%×−+/()_λη²-]+|.[，。：；、）]*", re.DOTALL)
WIDE = 1.9  # a Chinese character, in widths of a Latin one of the same size
# The figures' colours by the name of the page's, which follow its colour scheme.
COLOURS = {INK: "ink", FAINT: "faint", AXIS: "axis"}
COLOURS |= {colour: f"c{number}" for number, colour in enumerate(PALETTE, start=1)}
COLOUR = re.compile("|".join(COLOURS))


@dataclass(frozen=True)
class View:
    """One panel as an SVG element, with its natural width in pixels."""

    markup: Markup
    width: int


@dataclass(frozen=True)
class Picture:
    """A figure: its panels, and what its slider is called, has as stops and shows at first."""

    views: list[View]
    slider: str = ""
    stops: tuple[str, ...] = ()
    shown: int = 0


def inline(svg: str, prefix: str, languages: Languages) -> Picture:
    """Return an SVG file of `relearn.figures` as elements whose ids all begin with `prefix`.

    Raises:
        RelearnError: the text is no such SVG.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise RelearnError(f"figure {prefix}: {error}; draw it again") from None
    panels = [group for group in root.iter(f"{SVG}g") if group.get("data-cell")]
    if not panels:
        raise RelearnError(f"figure {prefix}: no data-cell in it; draw it again")
    clips = [
        child for child in root.findall(f"{SVG}defs") if child.find(f"{SVG}clipPath") is not None
    ]
    for panel in panels:
        for group in panel.iter(f"{SVG}g"):
            if group.get("data-label"):
                _translate(group, languages)
    views = []
    for number, panel in enumerate(panels):
        left, top, width, height = panel.get("data-cell").split()
        element = ElementTree.Element(f"{SVG}svg", {"viewBox": f"{left} {top} {width} {height}"})
        element.extend([*(clips if number == 0 else []), panel])
        views.append(View(_markup(element, prefix), round(float(width) * PIXELS_PER_POINT)))
    stops = tuple(json.loads(root.get("data-stops", "[]")))
    return Picture(views, root.get("data-slider", ""), stops, int(root.get("data-shown", 0)))


def _translate(group: ElementTree.Element, languages: Languages) -> None:
    """Put the words of a text's group beside it in the other languages."""
    lines = group.findall(f"{SVG}text")
    others = {name: languages.says(group.get("data-label"), name) for name in languages.others}
    if not any(others.values()) or not lines:
        return
    width = max(len("".join(line.itertext())) for line in lines)
    for line in lines:
        line.set("lang", ENGLISH)
        line.set("class", "l")
    for name, said in others.items():
        own = _wrapped(said, width, len(lines)) if said else []
        places = lines[: len(own)] if group.get("data-hold") == "top" else lines[-len(own) :]
        for line, text in zip(places, own, strict=True):
            twin = deepcopy(line)
            twin.text = text
            twin.set("lang", name)
            group.append(twin)


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """Return text in at most `most` lines, broken where Chinese may be."""
    length = sum(WIDE if ord(each) > 0x2E80 else 1 for each in text)
    wanted = min(most, max(1, round(length / width + 0.4)))
    lines, room = [""], length / wanted
    used = 0.0
    for word in BREAK.findall(text):
        size = sum(WIDE if ord(each) > 0x2E80 else 1 for each in word)
        if used + size / 2 > room and len(lines) < wanted:
            lines.append("")
            used = 0.0
        lines[-1] += word
        used += size
    return [line.strip() for line in lines if line.strip()]


def _markup(element: ElementTree.Element, prefix: str) -> Markup:
    for each in element.iter():
        each.tag = each.tag.removeprefix(SVG)
        if each.tag == "g":
            each.attrib.pop("id", None)  # nothing refers to a group
        if frame := each.get("data-frame"):
            each.attrib.pop("display", None)
            each.set("class", f"frame frame-{frame}")
        for name, value in list(each.attrib.items()):
            if name == "id":
                each.set(name, f"{prefix}-{value}")
            elif name == f"{XLINK}href":
                del each.attrib[name]
                each.set("href", f"#{prefix}-{value[1:]}" if value.startswith("#") else value)
            elif name in ("style", "clip-path"):
                value = REFERENCE.sub(rf"url(#{prefix}-\1)", value)
                each.set(name, COLOUR.sub(lambda found: f"var(--{COLOURS[found[0]]})", value))
            elif name.startswith("data-"):
                del each.attrib[name]
    element.set("aria-hidden", "true")
    element.set("focusable", "false")
    return Markup(re.sub(r"\s*\n\s*", "\n", ElementTree.tostring(element, encoding="unicode")))
