"""Take the pictures of README.md and docs/mlflow.md anew: the report, and the page of `make ui`.

    make .venv/ready-test
    make ui &
    .venv/bin/python -m docs.pictures.take [http://127.0.0.1:5000]

It asks for a Chromium on the PATH and the results at the default scale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import executable

FOLDER = Path(__file__).parent
SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000"
SECONDS = 60 * 1000  # milliseconds to wait for what a picture shows
EXPAND = "[data-component-id='mlflow.experiment.metadata_editor.expand_button']"


def take(
    page: Page, name: str, address: str, shown: str, height: int, click: str = "", width: int = 1200
) -> None:
    """Open an address, click, wait for what the picture shows, keep it."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto("about:blank")
    page.goto(f"{SERVER}/{address}")
    if click:
        page.locator(click).first.click(timeout=SECONDS)
    page.locator(shown).first.wait_for(timeout=SECONDS)
    page.wait_for_timeout(5000)
    page.screenshot(path=FOLDER / f"mlflow-{name}.png")


def main() -> None:
    """Take all five."""
    index = json.loads(Path("results/mlflow/runs.json").read_text(encoding="utf-8"))["experiments"]
    ridge, digits = index["ridge_regression"], index["multilayer_perceptron"]
    ridge_page = f"#/experiments/{ridge['experiment_id']}/runs"
    charts = f"#/experiments/{digits['experiment_id']}/runs?compareRunsMode=CHART"
    run = f"{ridge_page}/{ridge['runs']['strong_noise']}"
    row = "text=strong_noise"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable())
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(Path("results/report/index.html").resolve().as_uri())
        page.screenshot(path=FOLDER / "report.png")
        take(page, "experiment", ridge_page, row, 640, EXPAND)
        take(page, "compare", f"{ridge_page}?viewStateShareKey=variants", row, 560, width=1500)
        take(page, "curves", charts, ".js-plotly-plot .scatterlayer", 700)
        take(page, "run", run, "text=Remake", 960)
        browser.close()


if __name__ == "__main__":
    main()
