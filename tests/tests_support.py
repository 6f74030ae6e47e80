"""Helpers that several tests share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from benchmarks.project import SNAKEMAKE
from relearn.data import idx
from relearn.experiments import catalogue
from relearn.runs import evidence
from relearn.runs.seeds import seeds

ROOT = Path(__file__).resolve().parents[1]


def long(target: str) -> pytest.MarkDecorator:
    """Return the mark of tests that only a target of the Makefile runs."""
    return pytest.mark.skipif("SOAK" not in os.environ, reason=f"the long form: make {target}")


soak = long("soak")

# Python's own way to a locale that is not UTF-8, which no system has to know. Text without an
# encoding fails at the first character beyond ASCII, which in Latin-1 might be misread unnoticed.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

# In the environment of the build that the tests share; tests/security looks for the values.
SECRETS = {
    "SECRET_TOKEN": "open-sesame-4711",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "DATABASE_URL": "postgresql://somebody:hunter2-of-a-database@127.0.0.1:9/lab",
}


def fresh_python(code: str, *arguments: object, **environment: str) -> str:
    """Run code in an interpreter that has loaded nothing yet; return what it prints, stripped."""
    answer = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings as Snakemake merges config files."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def write_images(folder: Path, train: int = 400, test: int = 200) -> dict:
    """Write a small data set that can be learned (the label is a bright row); return its pins."""
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for split, count in (("train", train), ("test", test)):
        labels = rng.integers(10, size=count).astype(np.uint8)
        pixels = rng.integers(60, size=(count, 28, 28)).astype(np.uint8)
        pixels[np.arange(count), 4 + 2 * labels] = 255
        for kind, array in (("images", pixels), ("labels", labels)):
            content = idx.encode(array)
            (folder / f"{split}_{kind}.idx").write_bytes(content)
            files[f"{split}_{kind}"] = {"name": f"{split}-{kind}", "sha256": idx.digest(content)}
    return files


def config(*overlays: str) -> dict[str, Any]:
    """Return config.yaml with the named overlays (smoke, full) merged over it."""
    merged: dict[str, Any] = {}
    for name in ("config", *overlays):
        merged = merge(merged, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    return merged


def judged(claim: str, changes: Mapping[str, Any], images: Any = None) -> dict[str, Any]:
    """Run a claim's experiment at smoke scale with changes merged over its block; judge it.

    Every variant runs, on seeds of its own base, and only this experiment's claims share Holm's
    correction.
    """
    blocks = config("smoke")["experiments"]
    name = next(each for each, block in blocks.items() if claim in block["claims"])
    block = merge(blocks[name], changes)
    module = catalogue.module(name)
    results = {}
    for variant in block["variants"]:
        params = catalogue.parameters(name, block, variant)
        inputs = images if hasattr(params, "dataset") else None
        results[variant] = module.run(params, seeds(7, name, params.seeds), inputs)
    claims = {each: own | {"experiment": name} for each, own in block["claims"].items()}
    found = evidence.verdicts(claims, module.judge(results))
    return next(each for each in found if each["id"] == claim)


class Project:
    """One copy of the project, run by Snakemake from the command line as a user would."""

    def __init__(self, folder: Path):
        self.folder = folder

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        """Run Snakemake at smoke scale; standard error is merged into `stdout`."""
        names = {"PYTHONPATH": str(self.folder / "src"), "PATH": os.environ["PATH"]}
        names |= {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "HOME"))}
        return subprocess.run(
            [SNAKEMAKE, "--configfile", "config/smoke.yaml", "--cores", "2", *arguments],
            cwd=self.folder,
            env=names | environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=1800,
        )

    def planned(self) -> set[str]:
        """Return the messages of the jobs that a build would run now."""
        answer = self.snakemake("--dry-run")
        assert answer.returncode == 0, answer.stdout
        targets = {"everything is there"}
        return set(re.findall(r"^Job \d+: (.+)$", answer.stdout, re.M)) - targets

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace one passage of a file; it must be there once."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new))

    def results(self) -> dict[str, bytes]:
        """Return the scientific results by path."""
        names = (self.folder / "results/manifest.sha256").read_text().splitlines()
        paths = [line.split("  ", 1)[1] for line in names]
        return {path: (self.folder / path).read_bytes() for path in paths}
