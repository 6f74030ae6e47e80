"""Tracking and MLflow's page tell nobody of themselves: every call of the network is observed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests_support import ROOT

# What a process asks of the network is refused and printed at its end, after MLflow's own last
# words: `atexit` calls first what was registered last.
OBSERVED = """
import atexit, json, socket
asked = []
def refuse(*arguments, **_):
    asked.append(str(arguments[-1] if isinstance(arguments[0], socket.socket) else arguments[0]))
    raise OSError("observed")
socket.getaddrinfo = socket.socket.connect = socket.socket.connect_ex = refuse
atexit.register(lambda: print(json.dumps(asked)))
"""
TRACKED = """
import time
from pathlib import Path
from relearn.runs import tracking
tracking.track_failures(Path("results"))
time.sleep(2)  # MLflow looks for its settings in a thread
"""
NOTE = {"rule": "run", "wildcards": {}, "error": "no room", "log": "results/logs/run.log"}
NOTE |= {"tail": "", "ended": "2026-01-02T03:04:05+00:00"}


def asked(folder, **environment):
    """What tracking a failure asks the network for, in a process that takes this for no test."""
    note = folder / "results/failures/run.json"
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps(NOTE))
    answer = subprocess.run(
        [sys.executable, "-c", OBSERVED + TRACKED],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    assert (folder / "results/mlflow/mlflow.db").exists()
    return json.loads(answer.stdout.splitlines()[-1])


def test_tracking_asks_the_network_for_nothing(tmp_path):
    assert asked(tmp_path, PYTHONPATH=str(ROOT / "src")) == []


def test_the_observer_would_see_it(tmp_path):
    """MLflow as it comes does ask, so that the test above is one that can fail."""
    found = asked(tmp_path, PYTHONPATH=str(ROOT / "src"), MLFLOW_DISABLE_TELEMETRY="false")
    assert any("mlflow" in each for each in found)


@pytest.mark.parametrize("name", ["MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK"])
def test_make_tells_it_to_every_command(name):
    """`make ui` starts MLflow itself, before any module of ours."""
    shown = f"show:\n\t@echo ${name}\n".replace("$", "$$")
    answer = subprocess.run(
        ["make", "--no-print-directory", "-f", "Makefile", "-f", "-", "show"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        input=shown,
        capture_output=True,
        text=True,
    )
    assert answer.stdout == "true\n"


def test_make_ui_listens_to_this_machine_alone():
    """The checks of a server that runs are in tests/runs/test_served.py."""
    answer = subprocess.run(
        ["make", "-n", "ui"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert " --host 127.0.0.1 " in answer.stdout
    assert "0.0.0.0" not in answer.stdout and "--allowed-hosts" not in answer.stdout
