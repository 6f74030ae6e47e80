"""A small results folder: two experiments of the house with made-up numbers."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from relearn.report import page
from relearn.runs import record

CLAIM = {"section": "10.1", "kind": "mean", "effect": "gain", "unit": "points", "threshold": 0.5}
SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 400 200">
 <g id="figure_1"><g id="axes_1" data-cell="0 0 200 180"><defs><path id="m1" d="M 0 0"/></defs>
  <use xlink:href="#m1" style="fill: #0072b2"/><path clip-path="url(#p1)" d="M 1 1"/>
  <g id="words-0" data-label="mean loss" data-hold="top"><text x="9" y="20">mean</text>
  <text x="9" y="32">loss</text></g></g></g>
 <defs><clipPath id="p1"><rect width="5" height="5"/></clipPath></defs>
</svg>"""
LINE = """# The line & its <b>slope</b>

## Result

The slope is {{ value("tuned", "w") | ci(2) }}; the listing printed {{ published.w | fixed(3) }}.

| setting | slope |
|:--|--:|
| tuned | {{ value("tuned", "w") | fixed(1) }} |

Figure: Loss after {{ params("tuned").iterations | thousands }} steps.

After the figure: claim [10a](#claim-10a) is {{ claim("10a").verdict }}.
"""
SEEDS = 10
NOISE = np.random.default_rng(1).normal(size=(4, SEEDS))
FORWARD = "# The forward pass\n\nThe loss was {{ first('worked_example', 'loss') | fixed(3) }}.\n"


@dataclass
class Site:
    """A results folder, its config and its prose; a test spoils one of them and builds."""

    results: Path
    prose: Path
    config: dict

    def write(self, path: str, content: object) -> None:
        file = self.results / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))

    def say(self, experiment: str, text: str, language: str = "en") -> None:
        (self.prose / language).mkdir(parents=True, exist_ok=True)
        (self.prose / language / f"{experiment}.md").write_text(text)

    def build(self, **options) -> str:
        return self.built(**options).html

    def built(self, **options) -> page.Page:
        return page.build(self.results, self.config, self.results, prose=self.prose, **options)


def verdict(name: str, experiment: str, claim: str, **changes) -> dict:
    effect = {"name": "gain", "unit": "points", "estimate": 1.23456, "low": 1.1, "high": 1.36912}
    return {
        "id": name,
        "section": "10.1",
        "claim": claim,
        "experiment": experiment,
        "kind": "mean",
        "verdict": "supported",
        "effect": effect | {"threshold": 0.5},
        "seeds": 4,
        "note": "The whole interval lies above the threshold.",
        "weakest": "",
        "conditions": [],
    } | changes


@pytest.fixture
def site(tmp_path: Path) -> Site:
    line = {"seeds": 4, "iterations": 1000, "variants": {"published": {"seeds": 1}, "tuned": {}}}
    line["claims"] = {"10a": CLAIM | {"claim": "It recovers the line.", "reason": "Half of it."}}
    forward = {"seeds": 1, "variants": {"worked_example": {}}}
    forward["claims"] = {"3c": CLAIM | {"claim": "2 < 3 & so on", "reason": "Given."}}
    experiments = {"linear_regression": line, "backpropagation": forward}
    config = {"scale": "default", "seed_base": 1, "datasets": {}, "experiments": experiments}
    site = Site(tmp_path / "results", tmp_path / "prose", config)
    slopes = {"published": [3.25], "tuned": [2.9, 3.0, 3.1, 3.0]}
    for variant, w in slopes.items():
        curves = record.table("iteration", np.array([0, 20]), {"mse": np.outer(w, [2.0, 1.0])})
        scalars = record.per_seed({"w": w, "diverged": [np.nan] * len(w)})
        record.write(
            site.results / "runs/linear_regression" / variant, record.Records(scalars, curves)
        )
    worked = record.Records(record.per_seed({"loss": [2.205]}))
    record.write(site.results / "runs/backpropagation/worked_example", worked)
    for experiment, block in experiments.items():
        site.write(f"figures/{experiment}.svg", SVG)
        site.write(f"figures/{experiment}.csv", "panel,series,x,y,low,high\nA,b,1,2,,\n")
        site.write(f"figures/{experiment}.txt", 'Panel "A": b 1 to 2.')
        for variant in block["variants"]:
            site.write(f"provenance/{experiment}/{variant}.json", origin())
    site.write("published.json", {"10.1": {"w": 3.2512, "b": 1.0, "loss": [2.0, 1.0]}})
    site.write(
        "claims.json",
        [
            verdict("10a", "linear_regression", "It recovers the line."),
            verdict("3c", "backpropagation", "2 < 3 & so on", verdict="contradicted"),
        ],
    )
    runs = {"experiment_id": "7", "runs": {"tuned": "abc123"}}
    index = {"tracking_uri": "sqlite:///x.db", "experiments": {"linear_regression": runs}}
    site.write("mlflow/runs.json", index)
    site.say("linear_regression", LINE)
    site.say("backpropagation", FORWARD)
    return site


def origin(**changes) -> dict:
    return {
        "started": "2031-01-02T03:04:05+00:00",
        "finished": "2031-01-02T03:05:05+00:00",
        "seconds": 60.0,
        "threads": 2,
        "host": "earth",
        "platform": "Linux-6",
        "python": "3.11.9",
        "versions": {"numpy": "2.0.0"},
        **{"params": {}, "seed_base": 1, "fingerprint": "f", "data": None, "key": "k"},
        "command": ".venv/bin/snakemake --cores 1 --forcerun run -- results/runs/e/v/scalars.csv",
        "commit": "c0ffee" * 6 + "c0ff",
        "dirty": False,
    } | changes


class Build:
    """A results folder with two variants of one experiment and one claim."""

    def __init__(self, folder: Path, seed_base: int = 1):
        self.folder = folder
        self.seed_base = seed_base
        self.write("claims.json", [verdict("10a", "linear_regression", "It recovers the line.")])
        self.write("published.json", {"10.1": {"w": 3.25, "loss": [2.0, 1.0, 0.5]}})
        self.run("tuned", w=NOISE[0] + 3, rate=np.full(SEEDS, 0.1))
        self.run("published", w=[3.25])

    def write(self, path: str, content: object) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))

    def run(self, variant: str, changes: dict | None = None, **metrics) -> None:
        scalars = record.per_seed({name: np.asarray(value) for name, value in metrics.items()})
        record.write(self.folder / "runs/linear_regression" / variant, record.Records(scalars))
        facts = {"params": {"seeds": len(scalars["seed"]), "rate": 0.1}, "fingerprint": "f"}
        facts |= {"seed_base": self.seed_base, "data": None} | (changes or {})
        identity = json.dumps(facts, sort_keys=True)
        facts |= {"key": identity}
        self.write(f"provenance/linear_regression/{variant}.json", origin(**facts))

    def seal(self, name: str = "manifest.sha256") -> None:
        """Write the manifest, as the pipeline does, and with a name another of the same files."""
        paths = [self.folder / "claims.json", self.folder / "published.json"]
        paths += [
            path for kind in ("figures", "runs") for path in self.folder.glob(f"{kind}/**/*.*")
        ]
        digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}
        lines = [f"{digests[path]}  results/{path.relative_to(self.folder)}\n" for path in digests]
        (self.folder / name).write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def a(tmp_path) -> Build:
    return Build(tmp_path / "a")


@pytest.fixture
def b(tmp_path) -> Build:
    return Build(tmp_path / "b")
