"""A new experiment is three files' worth of edits: a module, a config block, its prose."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup
from mlflow import MlflowClient

pytestmark = pytest.mark.pipeline

MODULE = '''"""Whether the mean of n tosses comes closer to one half as n grows."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.runs.record import Records, per_seed

SEED_RUNS = False


class Params(Parameters):
    """The tosses."""

    tosses: int = Field(ge=1, description="tosses a seed")


def run(params, seeds, inputs):
    """Toss, and keep the distance of the mean from one half."""
    means = [seed.generator("tosses").integers(2, size=params.tosses).mean() for seed in seeds]
    return Records(per_seed({"distance": np.abs(np.array(means) - 0.5)}))


def judge(results):
    """Return how much closer many tosses come than few."""
    few, many = (results[name].scalars["distance"].to_numpy() for name in ("few", "many"))
    return {"11a": {"closer": few - many}}


def draw(results):
    """Draw both distances."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=1)
    panel = figure.panel("Distance from one half")
    panel.intervals({name: records.scalars["distance"] for name, records in results.items()})
    panel.axes("distance", "")
    return figure
'''
BLOCK = """
  coin_tosses:
    seeds: 50
    tosses: 4
    variants:
      few: {}
      many: {tosses: 10000}
    claims:
      11a:
        section: "11"
        claim: The mean of many tosses comes closer to one half.
        kind: mean
        effect: distance of few tosses minus that of many
        unit: share
        threshold: 0.05
        reason: A twentieth would be seen.
"""
PROSE = """# Coin tosses

## Result

Many tosses end {{ value("many", "distance") | ci(3) }} from one half.

Figure: Both distances.

Why 11a (supported): The mean of few tosses can be anything.
"""


def test_a_new_experiment_needs_its_three_files_and_no_other_edit(project):
    folder = project.folder
    (folder / "src/relearn/experiments/coin_tosses.py").write_text(MODULE)
    with open(folder / "config/config.yaml", "a") as config:
        config.write(BLOCK)
    (folder / "src/relearn/report/prose/en/coin_tosses.md").write_text(PROSE)
    assert project.planned() == {
        *("run coin_tosses/few", "run coin_tosses/many", "draw coin_tosses"),
        *("judge the claims", "seal the manifest", "track every run into MLflow"),
        "build the report",
    }
    answer = project.snakemake()
    assert answer.returncode == 0, answer.stdout
    claims = json.loads((folder / "results/claims.json").read_text())
    assert [claim["verdict"] for claim in claims if claim["id"] == "11a"] == ["supported"]
    page = BeautifulSoup((folder / "results/report/index.html").read_text(), "html.parser")
    assert page.select_one("#coin_tosses figure svg") is not None
    assert page.select_one("#claim-11a .badge [lang=en]").get_text(strip=True) == "supported"
    assert page.select(".absent, .gone") == []
    client = MlflowClient(f"sqlite:///{folder}/results/mlflow/mlflow.db")
    found = client.get_experiment_by_name("coin_tosses")
    runs = client.search_runs([found.experiment_id])
    assert {run.info.run_name for run in runs} == {"few", "many"}
    artifact = client.download_artifacts(runs[0].info.run_id, "figure/coin_tosses.svg")
    drawn = folder / "results/figures/coin_tosses.svg"
    assert open(artifact, "rb").read() == drawn.read_bytes()
    assert "coin_tosses" in (folder / "results/manifest.sha256").read_text()
    assert "Nothing to be done" in project.snakemake().stdout
