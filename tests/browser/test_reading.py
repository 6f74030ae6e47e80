"""What a reader does with the report: by address, by mouse, by keyboard alone, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import SLIDING

pytestmark = pytest.mark.pipeline
ROWS = "#scoreboard tbody tr"
CLAIMS = ["3a", "10a", "10c", "10d"]
# A number's link is no stop: the row that it leads to is one link away from its figure.
# Radio buttons lie unseen over their labels' words, which show the focus in their stead.
REACHABLE = """() => {
  const all = document.querySelectorAll(
    "a[href]:not(.source), button, input, select, summary, [tabindex='0']");
  const stops = [...all].filter((e) => e.checkVisibility() && (e.type !== "radio" || e.checked));
  stops.forEach((stop, index) => { stop.dataset.stop = index; });
  return stops.map((stop) => stop.outerHTML.slice(0, 90));
}"""
FOCUS = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const shown = focused.type === "radio" ? focused.nextElementSibling : focused;
  const outline = getComputedStyle(shown);
  const [box, bar] = [shown, document.querySelector(".bar")].map((e) => e.getBoundingClientRect());
  const covered = !focused.closest(".bar, .skip") && box.top < bar.bottom && box.bottom > bar.top;
  return {
    stop: focused.dataset.stop ?? null,
    html: focused.outerHTML.slice(0, 90),
    visible: outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2
      && box.bottom > 0 && box.top < innerHeight && !covered,
  };
}"""


def shown(page: Page) -> list[str]:
    """Return the claims that the scoreboard shows."""
    return page.locator(f"{ROWS}:visible .id").all_inner_texts()


def top(page: Page, selector: str) -> float:
    """Return how far an element's top is below the window's."""
    return page.locator(selector).evaluate("e => e.getBoundingClientRect().top")


def bar(page: Page) -> float:
    """Return the height of the bar that stays at the window's top."""
    return page.locator(".bar").evaluate("e => e.getBoundingClientRect().bottom")


def test_tab_reaches_everything_and_shows_where_it_is(few, visit):
    page = visit(few)
    stops = page.evaluate(REACHABLE)
    assert len(stops) > 60
    reached, unseen = set(), []
    for _ in range(2 * len(stops)):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            break
        reached.add(found["stop"])
        if not found["visible"]:
            unseen.append(found["html"])
    assert [html for index, html in enumerate(stops) if str(index) not in reached] == []
    assert unseen == []


def test_the_first_stop_skips_the_bar(few, visit):
    page = visit(few)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_language_and_colours_change_by_arrow_keys(few, visit):
    page = visit(few)
    page.locator("#language-en").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("h1").inner_text() == "重做一篇神經網路教學"
    assert "lang=zh-Hant" in page.url
    assert page.locator("#search").get_attribute("aria-label") is None  # its label is both
    assert page.locator("nav.places").get_attribute("aria-label") == "本頁各部分"
    page.locator("#scheme-auto").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 27)"
    page.reload()
    assert page.locator("#scheme-dark").is_checked()


def test_keys(few, visit):
    page = visit(few)
    assert shown(page) == CLAIMS
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("listing lj")  # keys are letters while something is written
    assert page.locator("#search").input_value() == "listing lj"
    assert shown(page) == []
    expect(page.locator("#none")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.locator("#search").input_value() == ""
    expect(page.locator(f"{ROWS}:visible")).to_have_count(4)
    places = ["#verdicts", f"#{SLIDING}", "#linear_regression"]
    for place in places:
        page.keyboard.press("j")
        assert abs(top(page, place) - 67) < 2, place  # html's scroll-padding-top
    page.keyboard.press("k")
    assert abs(top(page, f"#{SLIDING}") - 67) < 2
    page.keyboard.press("l")
    assert page.evaluate("document.documentElement.lang") == "zh-Hant"
    page.keyboard.press("l")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.keyboard.press("d")
    assert page.locator("#scheme-light").is_checked()
    page.locator("#keys").uncheck()
    page.keyboard.press("l")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.reload()  # it is remembered
    page.keyboard.press("l")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_claims_are_searched_and_filtered_and_the_address_remembers(few, visit, shoot):
    page = visit(few)
    page.locator("#search").fill("LISTING draws")
    assert shown(page) == ["10d"]
    assert page.locator("#shown").inner_text() == "1 / 4"
    assert page.url.endswith("?q=LISTING+draws")
    shoot(page, "search")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#shown")).to_have_text("4 / 4")
    page.locator("#chapter").select_option("10")
    assert shown(page) == CLAIMS[1:]
    page.locator("#verdict-exact").check()
    assert shown(page) == []
    page.locator("#chapter").select_option("3")
    assert shown(page) == ["3a"]
    again = visit(few, f"?{page.url.partition('?')[2]}&lang=zh-Hant")
    assert shown(again) == ["3a"]
    assert again.locator("#chapter").input_value() == "3"
    assert again.locator("#verdict-exact").is_checked()
    assert again.locator("#chapter option:checked").inner_text() == "3 感知器、網路、梯度下降"


@pytest.mark.parametrize(
    ("anchor", "said"),
    [
        ("#claim-10d", "Claim 10d"),
        ("#linear_regression", "Gradient descent on a line"),
        ("#made-linear_regression", "larger_rate"),
        ("#run-linear_regression-larger_rate", "larger_rate"),
        ("#settings-linear_regression", "iterations: 1000"),
        ("#source-linear_regression", "def judge("),
    ],
)
def test_a_link_into_the_page_opens_what_it_leads_to(few, visit, anchor, said):
    page = visit(few, anchor)
    target = page.locator(anchor)
    expect(target.get_by_text(said).first).to_be_visible()
    page.wait_for_function("scrollY > 1000")
    assert bar(page) <= top(page, anchor) < 900 or anchor == "#claim-10d"  # near the page's end
    expect(target).to_be_in_viewport()


def test_a_number_leads_to_the_row_of_its_run(few, visit):
    page = visit(few)
    number = page.locator("#linear_regression .prose[lang=en] a.source[href^='#run-']").first
    row = page.locator(number.get_attribute("href"))
    expect(row).not_to_be_visible()
    number.click()
    expect(row).to_be_in_viewport()


def test_a_slider_shows_a_stop_at_a_time(few, visit, shoot):
    page = visit(few)
    figure = page.locator(f"#figure-{SLIDING}")
    figure.scroll_into_view_if_needed()
    frames = [figure.locator(f".frame-{number}").first for number in range(3)]
    assert [frame.is_visible() for frame in frames] == [False, True, False]
    figure.get_by_label("0.1").check()
    assert [frame.is_visible() for frame in frames] == [True, False, False]
    page.keyboard.press("ArrowRight")
    assert [frame.is_visible() for frame in frames] == [False, True, False]
    shoot(page, "slider")


def test_a_slider_plays_its_stops_once(few, visit):
    page = visit(few)
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(60_000)
    figure = page.locator(f"#figure-{SLIDING}")
    frames = [figure.locator(f".frame-{number}").first for number in range(3)]
    figure.get_by_role("button", name="Play").click()
    for number in (0, 1, 2, 2):
        assert [frame.is_visible() for frame in frames] == [number == each for each in range(3)]
        page.clock.run_for(700)


def test_without_scripts_everything_but_search_is_there(few, visit, shoot):
    page = visit(few, java_script_enabled=False)
    assert page.locator(".scripted:visible").count() == 0
    page.get_by_label("繁體中文").check()
    assert page.locator("h1").inner_text() == "重做一篇神經網路教學"
    page.get_by_label("深色").check()
    assert page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(18, 23, 27)"
    )
    page.locator("#verdict-exact").check()
    assert shown(page) == ["3a"]
    figure = page.locator(f"#figure-{SLIDING}")
    figure.get_by_label("0.5").check()
    assert figure.locator(".frame-1").first.is_visible()
    figure.get_by_label("0.1").check()
    assert [figure.locator(f".frame-{n}").first.is_visible() for n in (0, 1)] == [True, False]
    shoot(page, "without-scripts")
    page.locator("#made-linear_regression > summary").click()
    expect(page.locator("#run-linear_regression-larger_rate")).to_be_visible()
