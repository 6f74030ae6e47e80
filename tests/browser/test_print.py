"""The report on paper: all of it, on pages that are not empty."""

from __future__ import annotations

import pypdfium2
import pytest

pytestmark = pytest.mark.pipeline
MARGIN = 15 / 25.4 * 72  # points
WIDTH = 210 / 25.4 * 72
PAPER = 680  # CSS pixels of A4 between the margins
CUT = """() => {
  const seen = document.body.querySelectorAll(":not(.hidden, .hidden *, svg *)");
  const cut = [...seen].filter((e) => e.checkVisibility() && e.clientWidth > 1 && (
    e.getBoundingClientRect().right > innerWidth + 1
    || (getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1)));
  return cut.map((e) => `${e.closest("section")?.id}: ${e.outerHTML.slice(0, 80)}`);
}"""


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_nothing_is_cut_off(whole, visit, language):
    page = visit(whole, f"?lang={language}", width=PAPER)
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize(("language", "last"), [("en", "Packages"), ("zh-Hant", "套件")])
def test_every_page_has_something_on_it(few, visit, shoot, tmp_path, language, last):
    page = visit(few, f"?lang={language}&scheme=dark")
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True, format="A4")
    sheets = list(pypdfium2.PdfDocument(tmp_path / "page.pdf"))
    texts = [sheet.get_textpage() for sheet in sheets]
    words = [text.get_text_range() for text in texts]
    assert 5 < len(sheets) < 20
    assert [index for index, said in enumerate(words) if len(said.split()) < 5] == []
    everything = "".join("".join(words).split())
    claims = page.locator(".claim-text").all_inner_texts()
    assert len(claims) == 4
    for said in (*claims, last):
        assert "".join(said.split()) in everything
    for text in texts:
        seen = [at for at in range(text.count_chars()) if text.get_text_range(at, 1).strip()]
        boxes = [text.get_charbox(at) for at in seen]
        # Some glyphs reach a little beyond their line.
        assert min(left for left, _, _, _ in boxes) > 0.9 * MARGIN
        assert max(right for _, _, right, _ in boxes) < WIDTH - 0.9 * MARGIN
    assert page.locator(".bar").is_visible()  # on the screen it is still there
