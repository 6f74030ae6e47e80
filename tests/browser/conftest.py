"""One Chromium for all tests, and the built report in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import browser
from relearn.errors import RelearnError


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        path = browser.executable()
    except RelearnError as error:
        # CI installs it: there a missing browser is an error, elsewhere it is a contributor's choice
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture(scope="session")
def report(built) -> Path:
    return built.folder / "results/report/index.html"


class Visits:
    """Pages of one test; what each says on its console and asks the network for is kept."""

    def __init__(self, chromium: Browser):
        self.chromium = chromium
        self.contexts = []
        self.said: list[str] = []
        self.asked: list[str] = []

    def page(self, address: str, width: int = 1440, height: int = 900, **context: Any) -> Page:
        """Open an address in a context of its own."""
        size = {"width": width, "height": height}
        self.contexts.append(self.chromium.new_context(viewport=size, **context))
        page = self.contexts[-1].new_page()
        page.on("console", lambda said: said.type in ("error", "warning") and self.said.append(said.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()
