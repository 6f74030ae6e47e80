"""The report in every language, colour scheme and width: nothing cut off, and readable by all."""

from __future__ import annotations

from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import CONFIG, write_report

pytestmark = pytest.mark.pipeline
LOOKS = list(product(("en", "zh-Hant"), ("light", "dark"), (390, 820, 1440)))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Sections out of sight are laid out too: once, not for each question about an element.
LAID_OUT = """() => {
  for (const section of document.querySelectorAll(".experiment")) {
    section.style.contentVisibility = "visible";
  }
}"""
# What lies beyond the window, or beyond a section and the margin that it may be painted in.
OUTSIDE = """() => {
  const scrolled = (e) => e.parentElement
    && (getComputedStyle(e.parentElement).overflowX !== "visible" || scrolled(e.parentElement));
  const wide = document.documentElement.clientWidth;
  const room = (e) => {
    const section = e.parentElement.closest(".experiment");
    if (!section) return [0, wide];
    const box = section.getBoundingClientRect();
    const margin = parseFloat(getComputedStyle(section).overflowClipMargin);
    return [Math.max(0, box.left - margin), Math.min(wide, box.right + margin)];
  };
  const seen = document.body.querySelectorAll(":not(.skip, .skip *, .hidden, .hidden *)");
  const outside = [...seen].filter((e) => {
    const box = e.getBoundingClientRect();
    const [left, right] = room(e);
    return box.width && (box.right > right + 1 || box.left < left - 1) && !scrolled(e);
  });
  return outside.map((e) => `${e.closest("section")?.id}: ${e.outerHTML.slice(0, 80)}`);
}"""
GLYPHS = """async () => {
  await document.fonts.load("20px 'relearn TC'", "文");
  const used = { body: new Set(), code: new Set() };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (parent.matches("script")) continue;
    const own = used[parent.closest("code, pre, kbd") ? "code" : "body"];
    for (const each of walk.currentNode.data) if (each.trim()) own.add(each);
  }
  const pen = new OffscreenCanvas(40, 40).getContext("2d", { willReadFrequently: true });
  const drawn = (font, text) => {
    pen.clearRect(0, 0, 40, 40);
    pen.font = `20px ${font}`;
    pen.fillText(text, 8, 28);
    return pen.getImageData(0, 0, 40, 40).data.join();
  };
  const missing = [];
  for (const [place, characters] of Object.entries(used)) {
    const font = getComputedStyle(document.querySelector(place)).fontFamily;
    const none = drawn(font, "\\u{10fffd}");
    for (const each of characters) if (drawn(font, each) === none) missing.push(each);
  }
  return [used.body.size, used.code.size, missing];
}"""


def violations(page) -> list[str]:
    """Return what axe finds, one line each: the rule and the element."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    return [
        f"{rule['id']}: {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)))
def test_each_look_is_readable_by_all(built, visit, shoot, tmp_path, look):
    """A twelfth of the experiments in each of the twelve looks; axe is too slow for all at once."""
    language, scheme, width = look
    experiments = list(CONFIG["experiments"])[LOOKS.index(look) :: len(LOOKS)]
    file = write_report(built, tmp_path, experiments)
    page = visit(file, f"?lang={language}", width, color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(250, 249, 246)", "dark": "rgb(18, 23, 27)"}[scheme]
    assert page.evaluate("document.documentElement.lang") == language
    for place in ("#top", "#verdicts", "figure", ".claim-box", "#provenance"):
        page.locator(place).first.evaluate("e => e.scrollIntoView()")
        shoot(page, f"{place.strip('#.')}-{language}-{scheme}-{width}")
    page.evaluate(LAID_OUT)
    assert page.evaluate(OUTSIDE) == []
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_the_whole_report_fits_the_window(whole, visit, width):
    page = visit(whole, width=width)
    page.evaluate(LAID_OUT)
    for language in ("en", "zh-Hant"):
        page.evaluate(f"document.getElementById('language-{language}').click()")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(OUTSIDE) == []


def test_every_character_has_a_glyph(whole, visit):
    words, code, missing = visit(whole).evaluate(GLYPHS)
    assert words > 1000 and code > 80  # Latin and Chinese; source code
    assert missing == []
