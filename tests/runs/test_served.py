"""What `make ui` serves: MLflow's page over a store, and the results beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import requests
from mlflow import MlflowClient

from relearn.runs.store import Store

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A server on loopback, started as the Makefile does, over a store with one experiment."""
    folder = tmp_path_factory.mktemp("project")
    report = folder / "results/report/index.html"
    report.parent.mkdir(parents=True)
    report.write_text("<h1>The report</h1>")
    uri = f"sqlite:///{folder}/results/mlflow/mlflow.db"
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("MLFLOW_TRACKING_URI", raising=False)
        known = Store(folder / "results").experiment("sums")
    known.tell({"mlflow.note.content": "Do sums grow?"})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--workers", "1", "--app-name", "relearn"]
    command += ["--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait(f"{address}/health", server)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # it starts others
        server.wait(30)


def wait(url, server, seconds=180):
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            return requests.get(url, timeout=5)
        except (requests.ConnectionError, requests.Timeout):  # a busy machine answers late
            time.sleep(0.5)
    raise TimeoutError(f"{url} does not answer")


def test_the_store_answers(address):
    found = MlflowClient(address).get_experiment_by_name("sums")
    assert found.tags["mlflow.note.content"] == "Do sums grow?"


def test_the_report_is_beside_it_and_nothing_above_the_results(address):
    report = requests.get(f"{address}/results/report/index.html", timeout=30)
    assert report.text == "<h1>The report</h1>"
    assert requests.get(f"{address}/results/%2e%2e/log", timeout=30).status_code == 404


def test_a_first_visit_opens_among_training_runs(address):
    page = requests.get(f"{address}/", timeout=30).text
    assert page.index("machine_learning") < page.index("static-files/static/js")
    assert requests.get(f"{address}/static-files/favicon.ico", timeout=30).ok


@pytest.mark.parametrize("path", ["/", "/results/report/index.html"])
def test_a_page_of_another_site_learns_nothing(address, path):
    """MLflow's check of the host, against DNS rebinding, holds for what was added, too."""
    answer = requests.get(address + path, headers={"Host": "evil.test"}, timeout=30)
    assert answer.status_code == 403
