"""How soon the report is seen and how soon it answers, in a browser, as built and on 10,000 runs.

Its 10,000 runs are the default scale's own results with each variant ten times over: as many
claims, sections and figures, and ten times as many tables, rows, settings and MLflow runs.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from playwright.sync_api import Browser, sync_playwright

from benchmarks import browser
from benchmarks.measure import ROOT, absolute, interleaved
from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.report import page
from relearn.runs.registration import CONFIG, LOADER

TIMES, VISITS = 10, 10
# What a visit measures, and up to how many seconds it counts as good (web.dev/articles/vitals).
MEASURES = {
    "paint": ("seconds to the first paint", 1.8),
    "load": ("seconds until all is loaded", 2.5),
    "language": ("seconds of a change of language", 0.2),
    "keystroke": ("seconds of a keystroke in the search", 0.2),
    "filter": ("seconds of a filter by verdict", 0.2),
}
LOADED = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime / 1000,
  load: performance.getEntriesByType("navigation")[0].loadEventEnd / 1000,
})"""
ACTIONS = {
    "language": "document.getElementById('language-zh-Hant').click()",
    "keystroke": """
        const search = document.getElementById("search");
        search.value = "a";
        search.dispatchEvent(new Event("input", { bubbles: true }));""",
    "filter": "document.querySelector('input[name=verdict][id]').click()",
}
# Until the frame after the action is drawn.
ANSWERED = """() => new Promise((done) => requestAnimationFrame(() => {{
  const start = performance.now();
  {action}
  requestAnimationFrame(() => setTimeout(() => done((performance.now() - start) / 1000)));
}}))"""


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Visit both reports in turn.

    Raises:
        RelearnError: the results are not there, or no browser is.
    """
    results = ROOT / "results"
    config = yaml.load((ROOT / CONFIG).read_text(encoding="utf-8"), LOADER)
    for file in ("report/index.html", "mlflow/runs.json"):
        if not (results / file).exists():
            raise RelearnError(f"{results / file}: not there; run make report first")
    with tempfile.TemporaryDirectory(dir=folder, prefix="page-") as name, sync_playwright() as play:
        files = [build(results, config, Path(name) / str(times), times) for times in (TIMES, 1)]
        runs = [count(multiplied(config, times)) for times in (TIMES, 1)]
        megabytes = [file.stat().st_size / 1e6 for file in files]
        chromium = play.chromium.launch(executable_path=browser.executable())
        pairs = interleaved(*(partial(visit, chromium, file) for file in files), VISITS)
        chromium.close()
    many, one = (f"{each:,}" for each in runs)
    entries = {
        "page_mb": absolute(
            megabytes[:1], f"MB of the report on {many} runs; on {one}: {megabytes[1]:.2f}", "<= 10"
        )
    }
    for key, (what, good) in MEASURES.items():
        found = [(left[key], right[key]) for left, right in pairs]
        few = median(right for _, right in found)
        entries[f"page_{key}_s"] = absolute(
            [left for left, _ in found],
            f"{what}, report on {many} runs; on {one}: {few:.3f}",
            f"<= {good}",
        ) | {"pairs": found}
    return entries


def multiplied(config: Mapping[str, Any], times: int) -> dict[str, Any]:
    """Return the config with each variant so many times, the first under its own name."""
    changed = copy.deepcopy(dict(config))
    for block in changed["experiments"].values():
        variants = dict(block["variants"])
        for turn in range(2, times + 1):
            variants |= {f"{name}_{turn}": own for name, own in block["variants"].items()}
        block["variants"] = variants
    return changed


def count(config: Mapping[str, Any]) -> int:
    """Return the MLflow runs of a config: a variant's own, and its seeds' where each has one."""
    total = 0
    for name, block in config["experiments"].items():
        for variant in block["variants"]:
            seeds = catalogue.variant_slice(block, variant)["seeds"]
            total += 1 + seeds * catalogue.module(name).SEED_RUNS
    return total


def build(results: Path, config: Mapping[str, Any], folder: Path, times: int) -> Path:
    """Build the report on results whose variants stand there so many times; return its file."""
    many = folder / "results"
    (many / "report").mkdir(parents=True)
    for name in ("figures", "failures", "claims.json", "published.json"):
        (many / name).symlink_to(results / name)
    index = json.loads((results / "mlflow/runs.json").read_text(encoding="utf-8"))
    for name, block in config["experiments"].items():
        tracked = index["experiments"][name]["runs"]
        for variant in block["variants"]:
            for turn in range(1, times + 1):
                copied = variant if turn == 1 else f"{variant}_{turn}"
                for kept in ("runs/{}/{}", "provenance/{}/{}.json", "usage/run.{}.{}.json"):
                    link = many / kept.format(name, copied)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(results / kept.format(name, variant))
                tracked[copied] = tracked[variant]
    (many / "mlflow").mkdir()
    (many / "mlflow/runs.json").write_text(json.dumps(index), encoding="utf-8")
    file = many / "report/index.html"
    file.write_text(page.build(many, multiplied(config, times), ROOT).html, encoding="utf-8")
    return file


def visit(chromium: Browser, file: Path) -> dict[str, float]:
    """Open a page in a context of its own and use it; return the seconds of each measure."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    found = page.evaluate(LOADED)
    for key, action in ACTIONS.items():
        found[key] = page.evaluate(ANSWERED.format(action=action))
    context.close()
    return found
