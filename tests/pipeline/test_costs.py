"""A build's costs are kept by scale, and a plan tells from them what the next build will cost."""

import csv
import shutil
import subprocess
import sys

import pytest
from tests_support import ROOT

from benchmarks.project import copy

HEAD = "scale,rule,experiment,variant,seeds,seconds,cpu_seconds,peak_mib,kib,measured\n"


def script(folder, name, *arguments):
    """Call a script of the workflow in a project."""
    return subprocess.run(
        [sys.executable, f"workflow/scripts/{name}.py", *map(str, arguments)],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )


@pytest.mark.pipeline
def test_what_a_build_took_replaces_the_rows_of_its_scale(built, tmp_path):
    table = tmp_path / "costs.csv"
    other = "default,run,sums,plain,1,1.0,1.0,1.0,1.0,day\n"
    table.write_text(f"{HEAD}{other}smoke,run,gone,plain,1,1.0,1.0,1.0,1.0,day\n")
    answer = script(built.folder, "keep_costs", built.folder / "results", table)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.endswith("are the costs of smoke scale\n")
    text = table.read_text()
    assert other in text and "gone" not in text
    rows = list(csv.DictReader(text.splitlines()))
    usage = list((built.folder / "results/usage").glob("*.json"))
    assert len(rows) == len(usage) + 1
    (row,) = [row for row in rows if row["variant"] == "flipped"]
    assert (row["rule"], row["experiment"], row["seeds"]) == ("run", "perceptron", "3")
    size = sum(
        path.stat().st_size for path in built.folder.glob("results/runs/perceptron/flipped/*")
    )
    size += (built.folder / "results/provenance/perceptron/flipped.json").stat().st_size
    assert float(row["kib"]) == pytest.approx(size / 1024, abs=0.06)
    (track,) = [row for row in rows if row["rule"] == "track"]
    assert float(track["kib"]) > (built.folder / "results/mlflow/mlflow.db").stat().st_size / 1024


@pytest.mark.pipeline
def test_a_build_of_some_jobs_serves_too(built, tmp_path):
    table, results = tmp_path / "costs.csv", tmp_path / "results"
    for name in ("runs", "provenance", "usage"):
        shutil.copytree(built.folder / "results" / name, results / name)
    for path in (results / "usage").iterdir():
        if "perceptron" not in path.name:
            path.unlink()
    (results / "provenance/activations/published.json").unlink()
    answer = script(built.folder, "keep_costs", results, table)
    assert answer.returncode == 0, answer.stderr
    rows = csv.DictReader(table.read_text().splitlines())
    assert [(row["rule"], row["experiment"], row["variant"]) for row in rows] == [
        ("draw", "multilayer_perceptron", ""),
        ("draw", "perceptron", ""),
        ("run", "learning_curves", "perceptron"),
        ("run", "multilayer_perceptron", "controlled"),
        ("run", "multilayer_perceptron", "published"),
        ("run", "perceptron", "flipped"),
        ("run", "perceptron", "separable"),
    ]


def test_costs_of_no_build_are_one_line(tmp_path):
    answer = script(ROOT, "keep_costs", tmp_path, tmp_path / "costs.csv")
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"relearn: {tmp_path}: no results here")
    assert len(answer.stderr.splitlines()) == 1


@pytest.fixture
def project(tmp_path):
    return copy(tmp_path / "relearn")


def test_a_plan_needs_neither_data_nor_results(project):
    (project / "config/costs.csv").write_text(
        f"{HEAD}full,run,gone,plain,1,9.0,7200.0,5000.0,10.0,day\n"
        "default,judge,,,5,1.0,1.0,200.0,2048.0,day\n"
    )
    answer = script(project, "print_plan", "--configfile", "config/full.yaml")
    assert answer.returncode == 0, answer.stderr
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert lines[0] == "full scale, from nothing to the report"
    # Every run counts as the only one that was measured.
    assert "run 159 318.00 2 h 00 min 5,000 MiB 2 MiB" in lines
    assert "judge 1 0.00 1.0 s 360 MiB 2 MiB" in lines
    assert any(line.startswith("longest job: 2 h 00 min, run ") for line in lines)
    assert "159 jobs were not measured; each counts as the dearest of its scale" in lines
    assert list(project.glob("results*")) == list(project.glob("data*")) == []


def test_a_further_config_file_counts(project):
    (project / "more.yaml").write_text("experiments: {perceptron: {seeds: 1000000}}\n")
    answer = script(project, "print_plan", "--configfile", "more.yaml")
    assert answer.returncode == 0, answer.stderr
    dearest = answer.stdout.split("dearest experiment")[1].splitlines()[1]
    assert dearest.split()[0] == "perceptron"


@pytest.mark.parametrize(
    "text, told",
    [
        ("experiments: {perceptron: {seeds: 0}}\n", "perceptron.seeds: 0 is less than the minimum"),
        ("experiments: [\n", "more.yaml"),
    ],
)
def test_a_bad_config_is_one_line(project, text, told):
    (project / "more.yaml").write_text(text)
    answer = script(project, "print_plan", "--configfile", "more.yaml")
    assert answer.returncode == 2
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
