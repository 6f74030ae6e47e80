import base64
import hashlib
import re
from collections import Counter

import pytest
import yaml
from bs4 import BeautifulSoup
from tests_support import ROOT, config

from relearn.errors import RelearnError
from relearn.figures.canvas import Figure
from relearn.report import forest
from relearn.runs.registration import Change, Registration

from .conftest import origin, verdict


def soup(html: str, language: str = "en") -> BeautifulSoup:
    """Return the page as a reader of one language sees it."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.select(f".l:not([lang='{language}'])"):
        element.decompose()
    return page


def words(element) -> str:
    """Return an element's text; a number's link to its source is no gap in it."""
    for link in element.select("a.source"):
        link.unwrap()
    element.smooth()
    return " ".join(element.get_text(" ", strip=True).split())


def fail(site, rule: str, error: str, **wildcards: str) -> None:
    name = ".".join([rule, *wildcards.values()])
    log = f"results/logs/{rule}.log"
    note = {"rule": rule, "wildcards": wildcards, "error": error, "log": log, "tail": ""}
    note |= {"ended": "2026-01-02T03:04:05+00:00"}
    site.write(f"failures/{name}.json", note)


def test_scoreboard_has_a_row_for_each_claim_in_the_order_of_the_config(site):
    rows = soup(site.build()).select("#scoreboard tbody tr")
    assert [[words(cell) for cell in row.select("th, td")] for row in rows] == [
        [
            "10a",
            "It recovers the line.",
            "supported",
            "1.23 [1.10, 1.37] points δ 0.5 · 4 seeds",
            "The whole interval lies above the threshold.",
        ],
        [
            "3c",
            "2 < 3 & so on",
            "contradicted",
            "1.23 [1.10, 1.37] points δ 0.5 · 4 seeds",
            "The whole interval lies above the threshold.",
        ],
    ]


def test_every_id_is_its_own_and_every_internal_link_arrives(site):
    page = soup(site.build())
    ids = Counter(element["id"] for element in page.select("[id]"))
    assert [name for name, count in ids.items() if count > 1] == []
    links = [link["href"] for link in page.select("a[href^='#']")]
    assert {"#main", "#claim-10a", "#linear_regression", "#provenance"} <= set(links)
    assert [link for link in links if link[1:] not in ids] == []
    references = re.findall(r'<use href="#([^"]+)"|url\(#([^)]+)\)', site.build())
    assert [name for pair in references for name in pair if name and name not in ids] == []


def test_nothing_is_loaded_from_elsewhere(site):
    site.write("figures/linear_regression.csv", "x" * 50_001)  # is linked, which loads nothing
    page = soup(site.build())
    assert page.select("script[src], link, iframe, object, embed, base") == []
    for element in page.select("[src], [xlink\\:href], image[href]"):
        address = element.get("src") or element.get("xlink:href") or element.get("href")
        assert address.startswith(("data:", "#"))
    for link in page.select("a"):
        assert link["href"].startswith(
            (
                "#",
                "data:text/csv",
                "http://127.0.0.1:5000/#/",
                "../figures/",
                "../runs/",
                "../claims",
            )
        )
    assert "default-src 'none'" in page.select_one("meta[http-equiv]")["content"]
    for style in page.select("style"):
        assert "url(http" not in style.text and "@import" not in style.text


def test_tables_that_come_to_more_than_100_kilobytes_are_links(site):
    variants = site.config["experiments"]["linear_regression"]["variants"]
    lines = "seed,w,diverged\n" + "0,1.0,0.0\n" * 3400

    def carried() -> list[bool]:
        page = soup(site.build())
        tables = page.select("#made-linear_regression a[download$='.scalars.csv']")
        return [link["href"].startswith("data:") for link in tables]

    for name in ("tuned", "published", "third"):
        variants.setdefault(name, {})
        site.write(f"runs/linear_regression/{name}/scalars.csv", lines)
        assert carried() == ([True] * 2 if name != "third" else [False] * 3)


def test_a_table_over_50_kilobytes_is_a_link_that_arrives(site):
    small, large = "x" * 50_000, "x" * 50_001
    site.write("figures/backpropagation.csv", small)
    site.write("figures/linear_regression.csv", large)
    page = soup(site.build())
    link = page.select_one("a[download='linear_regression.csv']")
    assert (site.results / "report" / link["href"]).resolve().read_text() == large
    assert words(link.find_next_sibling("span")) == "50 kB, beside this page"
    embedded = page.select_one("a[download='backpropagation.csv']")["href"]
    assert base64.b64decode(embedded.removeprefix("data:text/csv;charset=utf-8;base64,")) == (
        small.encode()
    )


def test_more_than_50_variants_share_a_row(site):
    variants = site.config["experiments"]["linear_regression"]["variants"]
    variants |= {f"v{index}": {} for index in range(48)}
    assert len(soup(site.build()).select("#linear_regression .made tbody tr")) == 50
    variants["one_more"] = {"seeds": 100}
    made = soup(site.build()).select_one("#linear_regression .made")
    (row,) = made.select("tbody tr")
    assert [words(cell) for cell in row.select("th, td")] == [
        "all 51 variants",
        "1 to 100",
        "results/runs/linear_regression a folder each missing: 49 of them, v0 first: "
        "It has not been made yet; run make report.",
        "1 tracked",
        "2 min 00 s",
        "–",
    ]
    folder = site.results / "report" / row.select("a")[0]["href"]
    assert folder.resolve() == site.results / "runs/linear_regression"
    assert row.select("a")[1]["href"] == "http://127.0.0.1:5000/#/experiments/7"
    assert "published" not in words(made.pre) and "51, see config/" in words(made.pre)


def test_the_page_does_not_grow_with_the_variants(site):
    variants = site.config["experiments"]["linear_regression"]["variants"]
    sizes = []
    for count in (100, 1000):
        variants |= {f"v{index}": {} for index in range(count)}
        sizes.append(len(site.build()))
    assert sizes[1] - sizes[0] < 100


def test_captions_are_handed_on_as_the_page_has_them_without_its_links(site):
    site.say("backpropagation", "# Backwards\n\nFigure: The *loss* of [10a](#claim-10a).\n")
    assert list(filter(None, site.built().captions.splitlines())) == [
        "[linear_regression]",
        ".. raw:: html",
        "   <p>Loss after 1,000 steps.</p>",
        "[end]",
        "[backpropagation]",
        ".. raw:: html",
        "   <p>The <em>loss</em> of 10a.</p>",
        "[end]",
    ]


def test_a_figure_too_large_for_the_page_is_named_instead(site):
    drawing = (site.results / "figures/backpropagation.svg").read_text()
    site.write("figures/backpropagation.svg", drawing + " " * 1_000_000)
    section = soup(site.build()).select_one("#backpropagation")
    assert section.figure is None
    assert "Too large for this page, 1,001 kB: open results/figures/backpropagation.svg." in words(
        section
    )


def test_prose_becomes_html_with_numbers_from_results(site):
    section = soup(site.build()).select_one("#linear_regression")
    assert words(section.h2) == "The line & its <b>slope</b> #"
    assert "The slope is 3.00 [2.87, 3.13]; the listing printed 3.251." in words(section)
    assert words(section.figcaption) == "Figure 1 Loss after 1,000 steps."
    assert [cell["scope"] for cell in section.select(".prose th")] == ["col", "col", "row"]
    after = section.find("figure").find_next_siblings("div", class_="prose")
    assert words(after[0]) == "After the figure: claim 10a is supported."


def test_a_number_leads_to_the_data_that_it_comes_from(site):
    page = soup(site.build())
    link = page.find("a", string="3.00 [2.87, 3.13]")
    assert link["title"] == "linear_regression/tuned: scalars.csv, w"
    row = page.select_one(link["href"])
    assert words(row.th) == "tuned" and row.select_one("a[download]") is not None
    assert page.find("a", string="3.251")["href"] == "#run-linear_regression-published"


def test_an_empty_corner_of_a_table_is_no_header(site):
    site.say("backpropagation", "# T\n\n| | loss |\n|:--|--:|\n| one | 2 |\n")
    rows = soup(site.build()).select("#backpropagation .prose tr")
    assert [[cell.name for cell in row.select("th, td")] for row in rows] == [
        ["td", "th"],
        ["th", "td"],
    ]


def test_a_number_keeps_its_source_through_arithmetic_and_loses_it_between_two(site):
    one, other = "value('tuned', 'w').mean", "first('published', 'w')"
    sums = f"{{{{ (100 * {one} - 1) | fixed(0) }}}} {{{{ ({one} - {other}) | fixed(2) }}}}"
    site.say("linear_regression", f"# T\n\n{sums}\n")
    prose = soup(site.build()).select_one("#linear_regression .prose")
    assert [link.string for link in prose.select("a.source")] == ["299"]
    assert words(prose) == "299 −0.25"


@pytest.mark.parametrize(
    ("low", "high", "kind", "size"),
    [
        (0.6, 0.9, "mean", "large"),
        (0.4, 0.9, "mean", "uncertain"),
        (0.1, 0.4, "mean", "small"),
        (-0.9, -0.1, "mean", "reversed"),
        (0.6, 0.6, "exact", "exact"),
    ],
)
def test_claims_are_filtered_by_where_the_interval_lies(low, high, kind, size):
    effect = {"low": low, "high": high, "estimate": (low + high) / 2, "threshold": 0.5}
    assert forest.size(effect, kind) == size


def test_an_effects_picture_holds_zero_threshold_and_interval_to_scale():
    effect = {"low": 1.0, "high": 3.0, "estimate": 2.0, "threshold": 4.0}
    assert forest.plot(effect, "mean") == forest.Plot(6.0, 114.0, 60.0, 33.0, 87.0)
    assert forest.plot(effect | {"low": None}, "mean") is None
    assert forest.plot(effect, "exact") is None


def test_a_variants_row_has_its_jobs_memory_and_command(site):
    cost = {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mib": 123.4}
    site.write("usage/run.linear_regression.tuned.json", cost)
    command = ".venv/bin/snakemake -- results/runs/linear_regression/tuned/scalars.csv"
    site.write("provenance/linear_regression/tuned.json", origin(command=command))
    row = soup(site.build()).select_one("#run-linear_regression-tuned")
    assert words(row.select("td")[-1]) == "123 MiB" and words(row.select_one(".command")) == command


def test_figure_is_inlined_under_names_of_its_own(site):
    html = site.build()
    figure = soup(html).select_one("#figure-linear_regression")
    assert words(figure.select_one("div.hidden")) == 'Panel "A": b 1 to 2.'
    assert figure.svg["viewbox"] == "0 0 200 180" and figure.svg["aria-hidden"] == "true"
    assert figure.use["href"] == "#figure-linear_regression-m1"
    assert figure.use["style"] == "fill: var(--c1)"
    assert 'clip-path="url(#figure-linear_regression-p1)"' in html
    assert "<?xml" not in html and html.count("<!DOCTYPE") == 1


def test_a_figures_words_stand_in_each_language_beside_each_other(site):
    site.say("messages", "", language="zh-Hant")
    (site.prose / "zh-Hant/messages.yaml").write_text("mean loss: 損失\n")
    html = site.build()
    figure = "#figure-linear_regression text"
    assert [text.string for text in soup(html).select(figure)] == ["mean", "loss"]
    (text,) = soup(html, "zh-Hant").select(figure)
    assert text.string == "損失" and text["y"] == "20"


def test_a_slider_is_a_choice_of_frames_that_needs_no_script(site):
    figure = Figure(columns=1)
    panel = figure.panel("descent")
    for frame in figure.frames("rate", ["0.1", "0.5", "0.9"], shown=1):
        panel.line([0, 1], [1, frame], label="loss")
    figures = site.results / "figures"
    figure.save(figures / "linear_regression.svg", figures / "linear_regression.csv", salt="a")
    site.write("figures/linear_regression.txt", figure.description())
    page = soup(site.build())
    stops = page.select("#figure-linear_regression .stops label")
    assert page.select_one(".stops legend").text == "rate"
    assert [words(stop) for stop in stops] == ["0.1", "0.5", "0.9"]
    assert [stop.input.has_attr("checked") for stop in stops] == [False, True, False]
    frames = page.select("#figure-linear_regression svg .frame")
    assert [frame["class"] for frame in frames] == [["frame", f"frame-{n}"] for n in range(3)]
    assert not any(frame.has_attr("display") for frame in frames)
    described = page.select("#figure-linear_regression .hidden p")
    assert [(line.get("class"), words(line)) for line in described[2:]] == [
        (["frame", "frame-0"], "loss: from 1 at 0 to 0 at 1, between 0 and 1."),
        (["frame", "frame-1"], "loss: from 1 at 0 to 1 at 1, between 1 and 1."),
        (["frame", "frame-2"], "loss: from 1 at 0 to 2 at 1, between 1 and 2."),
    ]
    style = page.style.text
    assert ".frame { display: none; }" in style
    for number in range(3):
        assert stops[number].input["class"] == [f"stop-{number}"]
        shows = f"figure:has(.stop-{number}:checked) .frame-{number} {{ display: inline; }}"
        assert shows in str(page)
    assert page.select("#figure-backpropagation .stops") == []


def test_each_figure_says_how_it_was_made(site):
    site.config["scale"] = "smoke"
    made = soup(site.build()).select_one("#linear_regression .made")
    assert {link["download"] for link in made.select("a[download]")} == {
        "linear_regression.csv",
        "linear_regression.published.scalars.csv",
        "linear_regression.tuned.scalars.csv",
    }
    run = made.find("a", string="abc123")
    assert run["href"] == "http://127.0.0.1:5000/#/experiments/7/runs/abc123"
    assert words(made.select(".command")[-1]) == (
        ".venv/bin/snakemake --cores 1 --configfile config/smoke.yaml --forcerun draw "
        "-- results/figures/linear_regression.svg"
    )
    assert "src/relearn/experiments/linear_regression.py at commit c0ffeec0ffee" in words(made)
    assert "iterations: 1000" in words(made) and "def judge(" in words(made)
    assert "1 min 00 s" in words(made)


def test_a_row_names_its_commit_where_there_are_several(site):
    (row,) = soup(site.build()).select("#run-linear_regression-tuned")
    assert "at commit" not in words(row)
    site.write("provenance/linear_regression/tuned.json", origin(commit="b" * 40))
    (row,) = soup(site.build()).select("#run-linear_regression-tuned")
    assert "at commit bbbbbbbbbbbb" in words(row)


def test_smoke_scale_carries_a_banner(site):
    assert soup(site.build()).select_one(".banner") is None
    site.config["scale"] = "smoke"
    assert "not to be read" in words(soup(site.build()).select_one(".banner"))


def test_conditions_stand_in_the_claims_box(site):
    stated = {
        "few": {"condition": "few seeds", "reason": "Few tell little."},
        "many": {"condition": "many seeds"},
    }
    site.config["experiments"]["linear_regression"]["claims"]["10a"]["parts"] = stated
    parts = [
        verdict("x", "x", "x", condition=own["condition"]) | {"name": name}
        for name, own in stated.items()
    ]
    whole = verdict("10a", "linear_regression", "It recovers the line.", conditions=parts)
    site.write("claims.json", [whole | {"weakest": "many"}])
    box = soup(site.build()).select_one("#claim-10a")
    assert [words(row.th) for row in box.select("tbody tr")] == ["few seeds", "many seeds"]
    assert "Half of it." in words(box)
    assert [words(row.select_one(".note")) for row in box.select("tbody tr")] == [
        "The whole interval lies above the threshold. δ: Few tell little.",
        "The whole interval lies above the threshold.",
    ]


def test_the_sentence_that_says_why_stands_on_the_scoreboard_and_in_the_box_only(site):
    sentence = 'Why 10a (supported): At {{ value("tuned", "w").n }} seeds it is *there*.'
    site.say("linear_regression", f"# The line\n\nBefore.\n\n{sentence}\n\nAfter.")
    page = soup(site.build())
    assert words(page.select_one("#scoreboard .note")) == "At 4 seeds it is there ."
    assert words(page.select_one("#claim-10a .why")) == "At 4 seeds it is there ."
    assert words(page.select_one("#linear_regression .prose")) == "Before. After."


def test_a_claim_says_when_it_was_registered_and_what_changed_since(site):
    changes = [Change("b" * 40, "2026-02-03", "Doubts", ["claim 10a.threshold: 0.5 → 0.6"])]
    registered = {"10a": Registration("a" * 40, "2026-01-02", changes, whole=True)}
    page = soup(site.build(registered=registered))
    told = words(page.select_one("#claim-10a"))
    assert "since commit aaaaaaaaaaaa , 2026-01-02. Later changes: 1" in told
    assert "bbbbbbbbbbbb , 2026-02-03: Doubts claim 10a.threshold: 0.5 → 0.6" in told
    assert "Registered" not in words(page.select_one("#claim-3c"))


def test_times_and_hosts_change_provenance_only(site):
    before = site.build()
    for variant in ("published", "tuned"):
        facts = origin(seconds=5.0, host="mars", commit="b" * 40, dirty=True, python="3.14.0")
        site.write(f"provenance/linear_regression/{variant}.json", facts)
    site.write("mlflow/runs.json", {})
    after = site.build()
    assert "mars" in after and "were not committed" in after and before != after

    def science(html):
        page = soup(html)
        for element in page.select("[data-provenance]"):
            element.decompose()
        return page.decode()

    assert science(before) == science(after)


def test_missing_run_is_shown_with_its_reason_and_the_rest_still_stands(site):
    (site.results / "runs/linear_regression/tuned/scalars.csv").unlink()
    (site.results / "figures/linear_regression.svg").unlink()
    fail(
        site,
        "run",
        "no room <script>alert(1)</script>",
        experiment="linear_regression",
        variant="tuned",
    )
    html = site.build()
    page = soup(html)
    text = words(page.select_one("#linear_regression"))
    assert "run/linear_regression/tuned failed: no room <script>alert(1)</script>" in text
    assert "Missing: the figure ." in text and "Missing: the text's numbers ." in text
    assert "<script>alert" not in html
    assert words(page.select_one("#linear_regression h2")) == "The line & its <b>slope</b> #"
    assert "The loss was 2.205." in words(page.select_one("#backpropagation"))


def test_missing_verdicts_index_and_listing_are_shown_as_missing(site):
    for name in ("claims.json", "mlflow/runs.json", "published.json"):
        (site.results / name).unlink()
    fail(site, "judge", "linear_regression: a shape is wrong")
    fail(site, "build_report", "was killed")
    page = soup(site.build())
    rows = [words(row) for row in page.select("#scoreboard tbody tr")]
    for row in rows:  # one job judges them all, so one failure leaves every verdict out
        assert "missing" in row and "judge failed: linear_regression: a shape is wrong" in row
    assert words(page.select_one(".tally")) == "2 missing"
    assert "not tracked" in words(page)
    assert "Listing 10.1 as published: It has not been made yet" in words(page)


def test_an_empty_results_folder_makes_a_page(site, tmp_path):
    site.results = tmp_path / "nothing"
    page = soup(site.build())
    assert len(page.select(".absent")) == 5  # two texts, two figures, the provenance


def test_text_from_results_is_escaped(site):
    claim = verdict("10a", "linear_regression", "<script>alert(1)</script>", note="<img src=x>")
    site.write("claims.json", [claim])
    html = site.build()
    assert "&lt;script&gt;alert(1)" in html
    assert html.count("<script") == 1 and "<img" not in html


def test_raw_html_and_images_in_prose_stay_text(site):
    site.say("backpropagation", "# T\n\n<script>x</script> ![a](https://example.org/a.png)\n")
    assert (html := site.build()).count("<script") == 1 and "<img" not in html


def test_the_only_script_is_the_one_that_the_page_admits(site):
    page = soup(site.build())
    digest = base64.b64encode(hashlib.sha256(page.script.string.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page.select_one("meta[http-equiv]")["content"]


def test_untranslated_section_is_shown_in_another_language_and_marked(site):
    site.say("backpropagation", "# 前向傳遞\n\n文字。\n", language="zh-Hant")
    page = soup(site.build(), "zh-Hant")
    assert words(page.select_one("#backpropagation h2")).startswith("前向傳遞")
    assert page.select_one("#backpropagation .untranslated") is None
    assert page.select_one("#linear_regression .untranslated") is not None
    assert page.select_one("#linear_regression .prose > div")["lang"] == "en"


def test_experiment_without_prose_is_an_authors_error(site):
    (site.prose / "en/backpropagation.md").unlink()
    with pytest.raises(RelearnError, match="^prose/en/backpropagation.md: no prose"):
        site.build()


@pytest.mark.parametrize("experiment, block", config()["experiments"].items())
def test_every_claim_has_one_sentence_that_says_why(experiment, block):
    text = (ROOT / f"src/relearn/report/prose/en/{experiment}.md").read_text()
    cases = yaml.safe_load((ROOT / "tests/experiments/otherwise.yaml").read_text())
    found = dict(re.findall(r"^Why (\w+) \((\w+)\): ", text, re.M))
    assert found == {name: cases[name]["instead_of"] for name in block["claims"]}


def test_a_sentence_for_another_verdict_gives_way_to_the_judges_note(site):
    site.say("linear_regression", "# The line\n\nWhy 10a (contradicted): It is not there.")
    page = soup(site.build())
    note = "The whole interval lies above the threshold."
    assert words(page.select_one("#scoreboard .note")) == note
    assert page.select_one("#claim-10a .why") is None and "not there" not in words(page)


def test_speed_is_shown_where_it_was_measured(site):
    assert soup(site.build()).select("#speed, a[href='#speed']") == []
    machine = {
        "processor": "Z80",
        "cores": 2,
        "vector_instructions": "none",
        "versions": {"x": "1"},
    }
    entry = {"ratio": 12.345, "low": 11.0, "high": 13.0, "goal": ">= 13", "met": False}
    entry |= {"unit": "seconds of <b> / of ours", "machine": machine, "pairs": [[1, 2]] * 3}
    entry |= {"commit": "0123456789abcdef", "dirty": False, "started": "2026-01-02T03:04:05"}
    open_end = entry | {"goal": "", "met": None, "low": 12.345, "high": 12.345, "pairs": [[1, 2]]}
    site.write("bench/bench.json", {"loop": entry, "other": open_end})
    page = soup(site.build())
    rows = [[words(cell) for cell in row] for row in map(cells, page.select("#speed tbody tr"))]
    compared = "seconds of <b> / of ours"
    assert rows == [
        ["loop", "12.3 [11, 13]", "3", "≥ 13 missed", compared],
        ["other", "12.3", "1", "none", compared],
    ]
    told = words(page.select_one("#speed"))
    assert "commit 0123456789ab, 2026-01-02: Z80, 2 cores, none; x 1" in told


def cells(row):
    return row.select("th, td")
