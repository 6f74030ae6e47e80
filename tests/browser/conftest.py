"""One Chromium for all tests, and the built report in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests_support import ROOT, Project
from tests_support import config as merged

from benchmarks import browser
from relearn.errors import RelearnError
from relearn.figures.canvas import Figure
from relearn.report import page as report

CONFIG = merged("smoke")
SLIDING = "perceptron"
PATIENCE = 120_000  # milliseconds; MLflow's page takes 40 s on a busy machine


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        path = browser.executable()
    except RelearnError as error:
        # CI installs it, so there a missing browser is an error; elsewhere nobody is made to.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        expect.set_options(timeout=PATIENCE)
        yield started
        started.close()


def write_report(built: Project, folder: Path, experiments: Sequence[str]) -> Path:
    """Write the report of some experiments, in a folder whose other results are those built."""
    results = folder / "results"
    (results / "report").mkdir(parents=True)
    for path in (built.folder / "results").iterdir():
        if not (results / path.name).exists():
            (results / path.name).symlink_to(path)
    blocks = {name: CONFIG["experiments"][name] for name in experiments}
    page = results / "report/index.html"
    built_page = report.build(results, CONFIG | {"experiments": blocks}, built.folder)
    page.write_text(built_page.html)
    return page


@pytest.fixture(scope="session")
def whole(built) -> Path:
    """The report as the build left it."""
    return built.folder / "results/report/index.html"


@pytest.fixture(scope="session")
def few(built, tmp_path_factory) -> Path:
    """The report of three experiments, one of them with a slider in its figure."""
    folder = tmp_path_factory.mktemp("few")
    figures = folder / "results/figures"
    figures.mkdir(parents=True)
    for path in (built.folder / "results/figures").iterdir():
        (figures / path.name).symlink_to(path)
    for kind in ("svg", "csv"):
        (figures / f"{SLIDING}.{kind}").unlink()
    figure = Figure(columns=1)
    panel = figure.panel("Loss")
    for frame in figure.frames("rate", ["0.1", "0.5", "1"], shown=1):
        panel.line([0, 1], [3, frame], label=f"frame {frame}")
    panel.axes("step", "loss")
    figure.save(figures / f"{SLIDING}.svg", figures / f"{SLIDING}.csv", salt=SLIDING)
    return write_report(built, folder, [SLIDING, "linear_regression", "multilayer_perceptron"])


class Visits:
    """The pages of one test; what any says on its console or asks the network for is kept."""

    def __init__(self, chromium: Browser):
        self._chromium = chromium
        self._contexts = []
        self.said: list[str] = []
        self.asked: list[str] = []

    def __call__(
        self, address: str | Path, query: str = "", width: int = 1440, **options: Any
    ) -> Page:
        """Open an address, of a file or of a server, in a context of its own."""
        if isinstance(address, Path):
            address = address.as_uri()
        size = {"width": width, "height": 900}
        self._contexts.append(self._chromium.new_context(viewport=size, **options))
        page = self._contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address + query)
        return page

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text} ({message.location['url']})")

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visits(chromium) -> Iterator[Visits]:
    visits = Visits(chromium)
    yield visits
    visits.close()


@pytest.fixture
def visit(visits) -> Iterator[Visits]:
    """Open a report; afterwards it has complained of nothing and loaded nothing but itself."""
    yield visits
    assert visits.said == []
    assert [url for url in visits.asked if "/results/report/index.html" not in url] == []


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page, str], None]:
    """Keep what the window shows as .screenshots/<name>.png, for people to look at."""

    def shoot(page: Page, name: str) -> None:
        page.screenshot(path=ROOT / ".screenshots" / f"{name}.png")

    return shoot
