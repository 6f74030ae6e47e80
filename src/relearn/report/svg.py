"""Fits a figure into a page: ids of its own, a size that follows the page, nothing unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from relearn.errors import RelearnError

PIXELS_PER_POINT = 4 / 3
READABLE = 0.6  # of its natural width; narrower than that a figure scrolls instead


@dataclass(frozen=True)
class Picture:
    """An SVG element for inlining, and its natural and least width in pixels."""

    markup: Markup
    width: int
    least: int


def inline(svg: str, prefix: str) -> Picture:
    """Return an SVG file as an element whose ids and references all begin with `prefix`.

    Raises:
        RelearnError: the text has no SVG element with a viewBox.
    """
    start = svg.find("<svg")
    box = re.search(r'viewBox="([-\d. ]+)"', svg[start:]) if start >= 0 else None
    if box is None:
        raise RelearnError(f"figure {prefix}: no <svg viewBox=…> in it; draw it again")
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[start:], flags=re.DOTALL)
    head, body = body.split(">", 1)
    head = re.sub(r'\s(?:width|height|id)="[^"]*"', "", head)
    body = re.sub(r'(\sid=")([^"]+")', rf"\1{prefix}-\2", body)
    body = re.sub(r'(href="#)([^"]+")', rf"\1{prefix}-\2", body)
    body = re.sub(r"(url\(#)([^)]+\))", rf"\1{prefix}-\2", body)
    # A style sheet inside inline SVG would hold for the whole page.
    body = re.sub(r"(<style[^>]*>)\s*\*", rf"\1#{prefix}-svg *", body)
    attributes = f' id="{prefix}-svg" aria-hidden="true" focusable="false"'
    width = round(float(box[1].split()[2]) * PIXELS_PER_POINT)
    return Picture(Markup(f"{head}{attributes}>{body}"), width, round(width * READABLE))
