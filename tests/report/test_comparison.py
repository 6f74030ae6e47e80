"""Two builds compared: what moved, what noise may explain, what differs between them."""

import math
import shutil
import subprocess
import sys

import numpy as np
import pytest
from bs4 import BeautifulSoup
from tests_support import ROOT

from relearn.errors import RelearnError
from relearn.report import comparison_page
from relearn.report.comparison import Comparison, compare
from relearn.report.language import Languages
from relearn.report.layout import PROSE
from relearn.report.results import Results

from .conftest import NOISE, SEEDS, Build, verdict


def compared(a: Build, b: Build) -> Comparison:
    return compare(Results.found(a.folder), Results.found(b.folder))


def outcomes(found: Comparison) -> dict[str, str]:
    return {f"{each.variant} {each.metric}": each.outcome for each in found.numbers}


def test_the_same_build_twice_has_nothing_that_moved(a, b):
    found = compared(a, b)
    assert found.counts == {"equal": 3, "rounding": 0, "noise": 0, "moved": 0, "untold": 0}
    assert [claim.listed for claim in found.claims] == [False]
    assert (found.listings, found.published, found.settings, found.unlike) == ([], 4, [], {})
    assert found.causes == {(): 2}
    assert all(names == [] for apart in found.only.values() for names in apart.values())


def test_a_shifted_mean_moved(a, b):
    b.run("tuned", {"fingerprint": "g"}, w=NOISE[0] + 3.5, rate=np.full(SEEDS, 0.1))
    found = compared(a, b)
    assert outcomes(found) == {
        "published w": "equal",
        "tuned w": "moved",
        "tuned rate": "equal",
    }
    moved = next(each for each in found.numbers if each.outcome == "moved")
    assert (moved.pairs, moved.causes) == (SEEDS, ("code",))
    assert moved.difference.estimate == pytest.approx(0.5)


def test_other_seeds_differ_by_noise(a, tmp_path):
    other = Build(tmp_path / "b", seed_base=2)
    other.run("tuned", w=NOISE[1] + 3, rate=np.full(SEEDS, 0.2))
    other.run("published", w=[3.5])
    found = compared(a, other)
    assert outcomes(found) == {
        "published w": "untold",  # one seed
        "tuned w": "noise",
        "tuned rate": "untold",  # no spread to compare with
    }
    assert {each.pairs for each in found.numbers} == {0}
    assert found.causes == {("seeds",): 2}


def test_other_seeds_with_another_mean_moved(a, tmp_path):
    other = Build(tmp_path / "b", seed_base=2)
    other.run("tuned", w=NOISE[1] + 6, rate=np.full(SEEDS, 0.1))
    assert outcomes(compared(a, other))["tuned w"] == "moved"


def test_more_seeds_of_one_base_are_compared_over_those_of_both(a, b):
    more = np.append(NOISE[0], NOISE[1])
    b.run("tuned", w=more + 3, rate=np.full(2 * SEEDS, 0.1))
    found = compared(a, b)
    assert outcomes(found)["tuned w"] == "equal"
    assert found.causes == {(): 2}  # the number of seeds changes none of them
    (setting,) = found.settings
    assert (setting.key, setting.a, setting.b, setting.variants) == ("seeds", "10", "20", ["tuned"])


def test_the_last_digits_of_another_machine_are_rounding(a, b):
    b.run("tuned", w=(NOISE[0] + 3) * (1 + 1e-14), rate=np.full(SEEDS, 0.1))
    found = compared(a, b)
    assert outcomes(found)["tuned w"] == "rounding"
    assert found.unlike == {"linear_regression/tuned": ["scalars.csv"]}


def test_another_config_is_said(a, b):
    params = {"seeds": SEEDS, "rate": 0.2}
    b.run("tuned", {"params": params}, w=NOISE[0] + 9, rate=np.full(SEEDS, 0.1))
    found = compared(a, b)
    assert found.causes == {("config",): 1, (): 1}
    (setting,) = found.settings
    assert (setting.experiment, setting.key) == ("linear_regression", "rate")
    assert (setting.a, setting.b, setting.variants) == ("0.1", "0.2", ["tuned"])


def test_what_one_build_alone_has_is_listed(a, b):
    shutil.rmtree(b.folder / "runs/linear_regression/published")
    b.run("tuned", w=NOISE[0] + 3, bias=NOISE[1])
    b.write("published.json", {"10.1": {"w": 3.25, "b": 1.0}})
    b.write("claims.json", [verdict("10b", "linear_regression", "Another.")])
    assert compared(a, b).only == {
        "variants": {"A": ["linear_regression/published"], "B": []},
        "metrics": {"A": ["linear_regression/tuned: rate"], "B": ["linear_regression/tuned: bias"]},
        "claims": {"A": ["10a"], "B": ["10b"]},
        "listings": {"A": ["10.1 loss"], "B": ["10.1 b"]},
    }


def test_published_numbers_are_compared_exactly(a, b):
    b.write("published.json", {"10.1": {"w": 3.25, "loss": [2.0, 1.25, 0.5, 0.25]}})
    found = compared(a, b)
    (row,) = found.listings
    assert (row.name, row.counts, row.unequal) == ("10.1 loss", (3, 4), 1)
    assert (row.relative, row.place, row.a, row.b) == (0.2, 1, 1.0, 1.25)
    assert found.published == 4


def effect(estimate: float, half: float, threshold: float = 0.5) -> dict:
    numbers = {"estimate": estimate, "low": estimate - half, "high": estimate + half}
    return {"name": "gain", "unit": "points", "threshold": threshold} | numbers


@pytest.mark.parametrize(
    ("before", "after", "reading"),
    [
        (effect(1.0, 0.4), effect(0.8, 0.4), "noise"),
        (effect(1.0, 0.1), effect(0.1, 0.1), "moved"),
        (effect(1.0, 0.4), effect(1.0, 0.4, threshold=0.7), "question"),
        (effect(1.0, 0.0), effect(0.2, 0.0), "untold"),
        (effect(1.0, 0.4), effect(1.0, 0.4), "equal"),
    ],
)
def test_a_changed_verdict_may_be_noise_unless_its_effect_moved_or_is_equal(
    a, b, before, after, reading
):
    claims = [
        verdict("10a", "linear_regression", "It recovers.", effect=own, seeds=10, verdict=word)
        for own, word in ((before, "supported"), (after, "inconclusive"))
    ]
    a.write("claims.json", claims[:1])
    b.write("claims.json", claims[1:])
    (claim,) = compared(a, b).claims
    assert (claim.changed, claim.news, claim.reading) == (True, True, reading)


def test_an_exact_fact_that_fails_has_moved_and_its_digits_have_not(a, b):
    a.write("claims.json", [verdict("1", "x", "y", kind="exact", verdict="exact")])
    b.write(
        "claims.json", [verdict("1", "x", "y", kind="exact", effect=effect(2, 0), verdict="exact")]
    )
    assert [claim.listed for claim in compared(a, b).claims] == [False]
    b.write("claims.json", [verdict("1", "x", "y", kind="exact", verdict="contradicted")])
    assert [claim.reading for claim in compared(a, b).claims] == ["moved"]


def test_a_number_has_seeds_enough_if_its_least_p_survives_the_tests_of_claims_too(a, b):
    b.run("tuned", w=NOISE[0] + NOISE[1] + 3, rate=np.full(SEEDS, 0.1))
    assert (len(compared(a, b).tested), compared(a, b).able) == (1, 1)  # 2 / 4¹⁰ = 1.9e-6
    b.run("tuned", w=NOISE[0] > 0, rate=np.full(SEEDS, 0.1))
    a.run("tuned", w=NOISE[1] > 0, rate=np.full(SEEDS, 0.1))
    assert compared(a, b).able == 1  # 2 / 2¹⁰ = 0.00195
    parts = [
        verdict("", "x", "y", condition=f"{n}", seeds=10) | {"name": f"{n}"} for n in range(25)
    ]
    for build, estimate in ((a, 1.0), (b, 1.1)):
        own = [part | {"effect": effect(estimate, 0.4)} for part in parts]
        build.write("claims.json", [verdict("1", "x", "y", conditions=own, seeds=10)])
    assert compared(a, b).able == 0  # 0.05 / 26 = 0.00192


def test_a_condition_is_compared_by_its_name(a, b):
    def claim(*parts: dict) -> list[dict]:
        return [verdict("1", "x", "y", conditions=list(parts), seeds=10)]

    def part(name: str, **changes) -> dict:
        return verdict("", "x", "y", condition=f"the {name}", seeds=10) | {"name": name} | changes

    a.write("claims.json", claim(part("cold"), part("warm"), part("gone")))
    moved = part("warm", effect=effect(-4.0, 0.1), verdict="contradicted")
    b.write("claims.json", claim(moved, part("cold")))
    (found,) = compared(a, b).claims
    assert found.only == {"A": ["the gone"], "B": []}
    assert [(each.condition, each.reading) for each in found.parts] == [
        ("the cold", "equal"),
        ("the warm", "moved"),
    ]
    assert (found.changed, found.news, found.reading) == (False, True, "question")


def test_the_page_lists_what_moved_and_counts_the_rest(a, b):
    b.run("tuned", {"fingerprint": "g"}, w=NOISE[0] + 3.5, rate=np.full(SEEDS, 0.1))
    html = comparison_page.build(compared(a, b), a.folder.parent / "a page")
    assert html == comparison_page.build(compared(a, b), a.folder.parent / "a page")
    page = BeautifulSoup(html, "html.parser")
    for element in page.select(".l:not([lang='en'])"):
        element.decompose()
    (row,) = page.select("table[aria-labelledby='moved'] tbody tr")
    assert " ".join(row.get_text(" ", strip=True).split()).startswith("w linear_regression/tuned A")
    assert [link["href"] for link in row.select("a")] == [
        f"../{side}/runs/linear_regression/tuned/scalars.csv" for side in "ab"
    ]
    assert [link["href"] for link in page.select("header a")] == [
        f"../{side}/report/index.html" for side in "ab"
    ]
    assert "0.500 [0.500, 0.500]" in row.get_text() and "10 pairs" in row.get_text()
    assert "No verdict changed, and no effect moved." in page.get_text()
    text = " ".join(page.get_text().split())
    assert "B − A is over the pairs" in text and "metrics of an experiment share its seeds" in text
    ids = {element["id"] for element in page.select("[id]")}
    assert {link["href"][1:] for link in page.select("a[href^='#']")} <= ids
    assert page.select("script[src], link, img, iframe") == []


def test_the_page_says_everything_in_chinese(a, tmp_path):
    other = Build(tmp_path / "b", seed_base=2)
    other.run("tuned", {"params": {"seeds": SEEDS, "rate": 0.2}, "data": "d"}, w=NOISE[1] + 9)
    other.run("one_more", w=[1.0])
    other.run("published", {"fingerprint": "g"}, w=[3.5])
    other.write("published.json", {"10.1": {"w": 3.0, "loss": [2.0, 1.0]}})
    claims = [verdict("3c", "x", "supported", verdict="contradicted", effect=effect(-4.0, 0.1))]
    other.write("claims.json", claims)
    a.write("claims.json", [verdict("3c", "x", "supported", effect=effect(1.0, 0.1))])
    page = BeautifulSoup(comparison_page.build(compared(a, other), tmp_path), "html.parser")
    said = {element.get_text() for element in page.select(".l[lang='zh-Hant']")}
    assert len(said) > 40
    own = {"gain", "points"}  # the claim's, which the made results have and no language knows
    assert {text for text in said if text.isascii()} - own == set()
    languages = Languages(PROSE)
    for text in comparison_page.READINGS.values():
        languages.says(text, "zh-Hant")
    assert languages.missing() == {"zh-Hant": set()}


def command(*arguments: object) -> subprocess.CompletedProcess:
    script = ROOT / "workflow/scripts/compare.py"
    return subprocess.run(
        [sys.executable, script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"},
    )


def test_the_command_prints_a_table_and_writes_the_page(a, b, tmp_path):
    b.run("tuned", {"fingerprint": "g"}, w=NOISE[0] + 3.5, rate=np.full(SEEDS, 0.1))
    answer = command(a.folder, b.folder, tmp_path / "out/index.html")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert (
        "numbers: 2 equal, 0 rounding, 0 within noise, 1 moved, 0 cannot be told" in answer.stdout
    )
    assert (
        "chance gives about 0 or fewer\n        (an experiment's metrics share seeds"
        in answer.stdout
    )
    assert "linear_regression/tuned w" in answer.stdout
    assert "yet not of equal bytes" not in answer.stdout
    assert (
        "<title>relearn: two builds compared</title>" in (tmp_path / "out/index.html").read_text()
    )


def test_other_bytes_without_a_cause_are_said(a, b, tmp_path):
    b.run("tuned", w=NOISE[0] + 3.5, rate=np.full(SEEDS, 0.1))
    answer = command(a.folder, b.folder, tmp_path / "index.html")
    assert (
        "of equal code, config, data and seeds, yet not of equal bytes: 1 runs, "
        "linear_regression/tuned first" in answer.stdout
    )


def test_a_build_is_not_compared_with_itself(a):
    with pytest.raises(RelearnError, match="A and B are both .*/a: name two builds"):
        compared(a, a)


def test_a_listings_gap_in_both_is_equal_and_in_one_is_not(a, b):
    for build in (a, b):
        build.write("published.json", {"10.4": {"test_mse": [1.0, None]}})
    assert compared(a, b).listings == []
    b.write("published.json", {"10.4": {"test_mse": [None, None]}})
    (listing,) = compared(a, b).listings
    assert (listing.unequal, listing.relative, listing.place) == (1, math.inf, 0)


BROKEN = {
    "claims.json": "not JSON",
    "published.json": None,
    "runs/linear_regression/tuned/scalars.csv": "",
    "runs/linear_regression/published/scalars.csv": "w\n1.0\n",
    "provenance/linear_regression/tuned.json": None,
    "provenance/linear_regression/published.json": "{}",
}


@pytest.mark.parametrize("path", BROKEN)
def test_what_is_missing_or_broken_is_one_line(a, b, path):
    file = b.folder / path
    file.unlink() if BROKEN[path] is None else file.write_text(BROKEN[path])
    with pytest.raises(RelearnError) as error:
        compared(a, b)
    assert str(file) in str(error.value) and "\n" not in str(error.value)
    assert ("is missing; run make report" in str(error.value)) == (BROKEN[path] is None)


def test_a_claim_without_its_fields_is_one_line(a, b):
    b.write("claims.json", [{"id": "10a"}])
    with pytest.raises(RelearnError, match="claims.json: 0: .* is a required property; delete it"):
        compared(a, b)


def test_a_folder_without_results_is_one_line_and_no_page(a, tmp_path):
    answer = command(a.folder, tmp_path / "nowhere", tmp_path / "page.html")
    assert answer.returncode == 1
    assert answer.stderr == (
        f"relearn: {tmp_path}/nowhere: no results here; "
        "name the results folder of a build, or run make report\n"
    )
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("place", ["a", "a/claims.json/page.html"])
def test_a_page_that_cannot_be_written_is_one_line(a, b, tmp_path, place):
    answer = command(a.folder, b.folder, tmp_path / place)
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"relearn: {tmp_path / place}: ")
    assert line.endswith("; name a file that can be written, OUT=PAGE")
    assert (answer.returncode, answer.stdout) == (1, "")
