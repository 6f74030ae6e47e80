"""The command keeps what each benchmark found, and drops what that benchmark found before."""

import json
import subprocess
import sys

from tests_support import ROOT

from benchmarks import __main__ as command
from benchmarks import tracking
from benchmarks.measure import absolute


def test_an_unknown_benchmark_is_one_line(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense", "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("benchmarks: nonsense is unknown: take any of mnist_vs_listing")
    assert len(answer.stderr.splitlines()) == 1


def test_entries_replace_those_of_the_same_benchmark_only(tmp_path, monkeypatch):
    kept = tmp_path / "bench.json"
    old = {"gone": {"benchmark": "tracking"}, "other": {"benchmark": "scaling"}}
    kept.write_text(json.dumps(old))
    found = {"new": absolute([3.0, 1.0, 2.0], "seconds", "<= 1.5")}
    monkeypatch.setattr(tracking, "measure", lambda folder: found)
    command.run("tracking", tmp_path)
    entries = json.loads(kept.read_text())
    assert list(entries) == ["other", "new"]
    new = entries["new"]
    assert (new["ratio"], new["pairs"], new["met"]) == (2.0, [[3.0], [1.0], [2.0]], False)
    assert new["benchmark"] == "tracking" and new["machine"]["cores"] >= 1
