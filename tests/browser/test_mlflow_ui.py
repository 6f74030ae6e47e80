"""MLflow's page over the results, as `make ui` serves it: it opens, and stays on the machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect
from tests_support import ROOT

pytestmark = pytest.mark.pipeline
EXPERIMENT = "multilayer_perceptron"
STARTS = 120  # seconds
# Its own: it asks for a user's name, which there is only where accounts are kept; and its table's
# size changes while it is measured.
OWN = ("/ajax-api/2.0/mlflow/users/current", "ResizeObserver loop")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def place(built, tmp_path_factory) -> Path:
    """A copy of the store and the report, with this environment's mlflow as that of `.venv`."""
    folder = tmp_path_factory.mktemp("ui").resolve()
    for name in ("mlflow", "report"):
        shutil.copytree(built.folder / "results" / name, folder / "results" / name)
    for name in ("pyproject.toml", "requirements.lock", "Makefile"):
        shutil.copy2(ROOT / name, folder)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/mlflow").symlink_to(Path(sys.executable).with_name("mlflow"))
    (folder / ".venv/ready").write_text(f"{folder}\n")
    return folder


@pytest.fixture(scope="module")
def served(place) -> Iterator[str]:
    """The address of `make ui`."""
    port = free_port()
    said = place / "log"
    with open(said, "w") as log:
        server = subprocess.Popen(
            ["make", "ui", f"PORT={port}"],
            cwd=place,
            env={k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + STARTS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"make ui does not answer: {said.read_text()[-500:]}")
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture
def tracked(built) -> dict:
    """Where the run of the network's seeds is: its experiment's and its own id."""
    index = json.loads((built.folder / "results/mlflow/runs.json").read_text())
    found = index["experiments"][EXPERIMENT]
    return {"experiment": found["experiment_id"], "run": found["runs"]["controlled"]}


def test_a_reader_finds_experiments_runs_and_charts(served, visits, shoot, tracked):
    runs = f"{served}#/experiments/{tracked['experiment']}/runs"
    page = visits(f"{served}#/experiments")
    expect(page.get_by_role("link", name="generalized_linear_models").first).to_be_visible()
    shoot(page, "mlflow-experiments")
    page.goto(runs)
    for variant in ("published", "controlled"):
        expect(page.get_by_text(variant, exact=True).first).to_be_visible()
    shoot(page, "mlflow-runs")
    page.goto(f"{runs}/{tracked['run']}")
    expect(page.get_by_text("test_accuracy", exact=True).first).to_be_visible()
    shoot(page, "mlflow-run")
    page.goto(f"{runs}/{tracked['run']}/model-metrics")
    expect(page.locator("svg.main-svg").first).to_be_visible()
    shoot(page, "mlflow-charts")
    # Its warnings are its own affair.
    errors = [said for said in visits.said if said.startswith("error")]
    assert [said for said in errors if not any(own in said for own in OWN)] == []
    asked = [url for url in visits.asked if not url.startswith((served, "data:", "blob:"))]
    assert asked == []


def test_a_run_leads_to_its_row_in_the_report_and_the_row_to_the_run(served, visits, tracked):
    run = f"{served}#/experiments/{tracked['experiment']}/runs/{tracked['run']}"
    page = visits(run, width=1300)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="In the report").click()
    row = opened.value.locator(f"#run-{EXPERIMENT}-controlled")
    expect(row).to_be_visible()
    row.get_by_role("link", name=tracked["run"][:8]).click()
    opened.value.wait_for_url(run)


def test_the_stores_address_is_on_no_command_line(served, place):
    """It may hold a password, and every user of the machine can read a command line."""
    lines = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(place):
                lines.append(" ".join(process.cmdline()))
    assert any("uvicorn" in line for line in lines)
    assert not [line for line in lines if "sqlite:" in line]


def test_a_taken_port_is_said_in_one_line(served, place):
    port = served.rstrip("/").rpartition(":")[2]
    command = ["make", "ui", f"PORT={port}"]
    answer = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert answer.returncode != 0
    assert answer.stderr.splitlines()[0] == f"port {port} is taken: make ui PORT=5001"
