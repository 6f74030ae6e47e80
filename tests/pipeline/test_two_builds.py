"""Two clean builds, of other folders, cores, job order, time zone and language, to the byte."""

from __future__ import annotations

import json
import platform
import shutil

import pytest
from bs4 import BeautifulSoup
from tests_support import ASCII, Project, config

from benchmarks.project import copy
from relearn.runs import strict

pytestmark = pytest.mark.pipeline

# Times, hosts, commit and MLflow's ids live in these folders, and nowhere else.
BESIDE = {"provenance", "usage", "logs", "mlflow", "failures"}


def science(project: Project) -> dict[str, str | bytes]:
    """Return all else that a build left, by path; of the page, what is not its provenance."""
    results = project.folder / "results"
    found: dict[str, str | bytes] = {
        str(path.relative_to(project.folder)): path.read_bytes()
        for path in results.rglob("*")
        if path.is_file() and path.relative_to(results).parts[0] not in BESIDE
    }
    page = BeautifulSoup(found["results/report/index.html"], "html.parser")
    for element in page.select("[data-provenance]"):
        element.decompose()
    return found | {"results/report/index.html": str(page)}


def order(project: Project) -> list[str]:
    """Return the runs as they began."""
    found = {}
    for path in (project.folder / "results/provenance").glob("*/*.json"):
        found[f"{path.parent.name}/{path.stem}"] = json.loads(path.read_text())["started"]
    return sorted(found, key=found.get)


def test_a_second_clean_build_is_equal_to_the_byte(built, tmp_path):
    other = Project(copy(tmp_path / "another folder/relearn"))
    shutil.copytree(built.folder / "data", other.folder / "data")
    last = list(config()["experiments"])[16:]  # first: what comes last in the article
    answer = other.snakemake(
        *("--cores", "1", "--prioritize"),
        *(f"results/figures/{name}.svg" for name in last),
        *("--", "all"),
        TZ="Asia/Taipei",
        **ASCII,
    )
    assert answer.returncode == 0, answer.stdout
    assert order(other) != order(built)
    first, second = science(built), science(other)
    assert {path for path in first if first[path] != second.get(path)} == set()
    assert set(first) == set(second)
    sealed = set(built.results())
    assert set(first) - sealed == {
        "results/manifest.sha256",
        "results/report/index.html",
        "results/report/captions.rst",
    }


@pytest.mark.skipif(platform.machine() != "x86_64", reason="strict mode is for x86-64")
def test_strict_mode_computes_anew_and_says_so(project):
    run = "ridge_regression/strong_noise"
    path = project.folder / f"results/provenance/{run}.json"
    normal = json.loads(path.read_text())
    assert "instructions" not in normal["libraries"]
    target = f"results/runs/{run}/scalars.csv"
    assert project.snakemake("--", target, **strict.VARIABLES).returncode == 0
    facts = json.loads(path.read_text())
    assert facts["libraries"] == normal["libraries"] | {"instructions": "strict"}
    assert facts["key"] != normal["key"]
    assert facts["command"] == f"{strict.COMMAND} {normal['command']}"
