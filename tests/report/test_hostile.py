"""Whatever text stands in config, results and failures, a page shows it as text."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from relearn.report import comparison_page
from relearn.report.comparison import compare
from relearn.report.results import Results
from relearn.runs.registration import Change, Registration

from .conftest import origin

HOSTILE = """<script>alert(1)</script><img src=x>"onload='alert(2)'&amp;</style></svg>"""
KEPT = {"id", "experiment", "name", "kind", "verdict", "rule", "wildcards", "weakest", "started"}
KEPT |= {"finished", "ended", "scale", "dataset", "key", "tracking_uri"}


def sprayed(value: Any) -> Any:
    """Put the hostile text behind every text of a JSON value but names that the code looks up."""
    if isinstance(value, dict):
        return {key: each if key in KEPT else sprayed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [sprayed(each) for each in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) else value


@pytest.fixture
def hostile(site):
    """The site with hostile text in its config and in every file of its results."""
    parts = {
        name: {
            "condition": "when",
            "effect": "gain",
            "unit": "points",
            "threshold": 0.5,
            "reason": ".",
        }
        for name in ("few", "many")
    }
    site.config["experiments"]["linear_regression"]["claims"]["10a"]["parts"] = parts
    site.config["experiments"]["linear_regression"]["note"] = "a setting"
    claims = json.loads((site.results / "claims.json").read_text())
    claims[0]["conditions"] = [{**claims[1], "name": name, "condition": "when"} for name in parts]
    claims[0]["weakest"] = "few"
    site.write("claims.json", claims)
    for name, block in site.config["experiments"].items():
        block["claims"] = sprayed(block["claims"])
        for variant in block["variants"]:
            facts = {"params": {"rate": 0.1, "kind": "x"}, "fingerprint": "f", "data": "d"}
            facts |= {"seed_base": 1, "key": f"{name} {variant}", "command": "snakemake"}
            site.write(f"provenance/{name}/{variant}.json", origin(**facts))
    site.config["experiments"]["linear_regression"]["note"] = HOSTILE
    for path in [*site.results.rglob("*.json")]:
        path.write_text(json.dumps(sprayed(json.loads(path.read_text()))))
    note = {
        "rule": "run",
        "wildcards": {"experiment": "backpropagation", "variant": "worked_example"},
    }
    note |= {"error": HOSTILE, "log": HOSTILE, "tail": HOSTILE}
    note |= {"ended": "2026-01-02T03:04:05+00:00"}
    site.write("failures/run.json", note)
    (site.results / "figures/backpropagation.txt").write_text(HOSTILE)
    return site


def check(html: str) -> BeautifulSoup:
    """Assert that a page has the elements and scripts of its templates only, and loads nothing."""
    page = BeautifulSoup(html, "html.parser")
    (script,) = page.select("script")
    assert page.select("img, iframe, object, embed, base, link, meta[http-equiv=refresh]") == []
    for element in page.find_all(True):
        assert [name for name in element.attrs if name.lower().startswith("on")] == []
        for name in ("href", "src", "xlink:href", "action"):
            assert not str(element.get(name, "")).lower().strip().startswith("javascript")
    directives = dict(
        part.strip().split(" ", 1)
        for part in page.select_one("meta[http-equiv=Content-Security-Policy]")["content"].split(
            ";"
        )
    )
    digest = base64.b64encode(hashlib.sha256(script.string.encode()).digest()).decode()
    assert directives == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digest}'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return page


def test_the_policy_of_a_harmless_page_is_the_same(site):
    check(site.build())


def test_the_report_shows_it_as_text(hostile):
    change = Change("c" * 40, "2031-01-02", f"subject {HOSTILE}", [f"rate: {HOSTILE}"])
    registered = {"10a": Registration("c" * 40, f"2031-01-01 {HOSTILE}", [change], True)}
    page = check(hostile.build(registered=registered))
    assert page.get_text().count(HOSTILE) > 30
    for place in ("#claim-10a", "#scoreboard", "#provenance", "#backpropagation"):
        assert HOSTILE in page.select_one(place).get_text(), place


def test_a_caption_for_snakemakes_report_shows_it_as_text(hostile):
    hostile.say("backpropagation", "# T\n\nFigure: {{ params('worked_example').word }}.\n")
    hostile.config["experiments"]["backpropagation"]["word"] = f"{HOSTILE}\n\n.. raw:: html"
    captions = hostile.built().captions
    assert "&lt;script&gt;" in captions
    assert "<script" not in captions and "<img" not in captions
    assert "\n.. raw:: html\n\n.. raw" not in captions
    assert captions.count("\n.. raw:: html") == len(hostile.config["experiments"])


def test_a_comparison_shows_it_as_text(hostile, tmp_path):
    other = tmp_path / f"b {HOSTILE.replace('/', '')}"
    shutil.copytree(hostile.results, other)
    claims = json.loads((other / "claims.json").read_text())
    claims[0]["verdict"] = claims[0]["conditions"][0]["verdict"] = "inconclusive"
    claims[0]["effect"]["unit"] += " other"
    (other / "claims.json").write_text(json.dumps(claims))
    path = other / "provenance/linear_regression/tuned.json"
    facts = json.loads(path.read_text())
    facts["params"]["rate"] = HOSTILE
    path.write_text(json.dumps(facts))
    found = compare(Results.found(hostile.results), Results.found(other))
    page = check(comparison_page.build(found, Path(tmp_path)))
    assert page.get_text().count(HOSTILE) > 5
    assert other.name in page.get_text()
