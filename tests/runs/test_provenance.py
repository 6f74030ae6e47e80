"""What a run leaves of where it comes from, field by field, in real checkouts."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relearn.runs import provenance, versions

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    git(tmp_path, "init", "-q")
    (tmp_path / "kept").write_text("1")
    git(tmp_path, "add", "kept")
    git(tmp_path, "commit", "-q", "-m", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_key_depends_on_what_is_said_and_not_on_its_order():
    key = provenance.key({"b": "λ", "a": 1})
    assert key == provenance.key({"a": 1, "b": "λ"})
    assert key == "6ca0abeb17ea0a215d346318a84e7da6a85705acfa2e478030795dd153a8e6b8"
    assert key != provenance.key({"a": 2, "b": "λ"})


@pytest.mark.parametrize(
    ("scale", "command"),
    [
        ("default", ".venv/bin/snakemake --cores 1 --forcerun run -- results/a"),
        (
            "smoke",
            ".venv/bin/snakemake --cores 1 --configfile config/smoke.yaml --forcerun run "
            "-- results/a",
        ),
    ],
)
def test_the_command_that_remakes_a_target(scale, command):
    assert provenance.command(scale, "run", "results/a") == command


def test_a_checkout_is_dirty_by_a_change_of_what_is_tracked_only(checkout):
    revision, dirty = provenance.commit()
    assert len(revision) == 40 and dirty is False
    (checkout / "untracked").write_text("1")
    assert provenance.commit(checkout) == (revision, False)
    (checkout / "kept").write_text("2")
    assert provenance.commit(checkout) == (revision, True)


def test_outside_git_and_without_git_no_commit_is_known(tmp_path, monkeypatch):
    assert provenance.commit(tmp_path) == (None, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git(tmp_path, "--version") is None


@pytest.mark.skipif(platform.system() != "Linux", reason="reads /proc")
def test_everything_that_is_written(checkout, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = checkout / "provenance.json"
    identity = {"experiment": "sums", "params": {"unit": "λ"}}
    provenance.write(path, identity, STARTED, STARTED.replace(second=9), 2, "snakemake …")
    text = path.read_text()
    assert text.startswith('{\n  "experiment": "sums",') and '"snakemake …"' in text
    facts = json.loads(text)
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(": ", 1)[1] for line in lines if line.startswith("model name")]
    models.append(platform.processor())  # some have no name there
    memory = int(Path("/proc/meminfo").read_text().split()[1])  # kB
    assert facts == {
        "experiment": "sums",
        "params": {"unit": "λ"},
        "key": provenance.key(identity),
        "started": "2026-01-02T03:04:05+00:00",
        "finished": "2026-01-02T03:04:09+00:00",
        "seconds": 4.0,
        "host": platform.node(),
        "platform": platform.platform(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "processor": f"{models[0]}, {os.cpu_count()} cores, {round(memory / 2**20)} GiB",
        "gpu": None,
        "versions": versions.installed(),
        "commit": provenance.commit()[0],
        "dirty": False,
        "threads": 2,
        "omp_num_threads": "1",
        "command": "snakemake …",
    }
