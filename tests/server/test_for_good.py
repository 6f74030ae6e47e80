"""The long form, `make server-test`: the smoke pipeline into a lab's server that is hurt meanwhile.

What it counts it writes to results/server/ of the folder that it is called in.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from lab import (
    Server,
    account,
    expected_keys,
    refused,
    require_complete,
    require_no_password,
    wait_amid_a_run,
)
from playwright.sync_api import Error, expect, sync_playwright
from postgres import DEPLOY, Database, postgres, program
from proxy import answer, proxy
from small_project import SmallProject
from tests_support import ROOT, long

from benchmarks import browser
from benchmarks.project import copy

pytestmark = [pytest.mark.pipeline, long("server-test")]
SMOKE = ("--configfile", "config/smoke.yaml", "--cores", "2")
PATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "6"}  # two minutes for a server that starts again
OUT = ROOT / "results/server"
PATIENCE = 120_000  # milliseconds for MLflow's page


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> SmallProject:
    """A copy of the project, not built yet."""
    project = SmallProject(copy(tmp_path_factory.mktemp("smoke") / "relearn"))
    if (ROOT / "data").exists():
        shutil.copytree(ROOT / "data", project.folder / "data")
    return project


@pytest.fixture(scope="module")
def tracked(server, project) -> dict:
    """The smoke pipeline after three blows to what it tracks into, and once more without any."""
    ada = server.asked_by("ada")
    said = []

    def struck(share, blow, **more):
        """Build, strike amid a run once that share is there, and return how the build ended."""
        build = project.start(*SMOKE, **ada, **more)
        build.job("track")
        wait_amid_a_run(server, build, share * len(expected_keys(project.folder)))
        blow()
        status, words = build.end()
        said.append(words)
        return status, words

    def killed_and_started():
        server.kill()
        server.start()

    status, words = struck(0.2, server.kill)
    assert status == 1 and server.address in refused(words)
    seal = (project.folder / "results/manifest.sha256").read_bytes()
    server.start()
    status, words = struck(0.4, server.database.kill)
    assert status == 1 and refused(words)
    server.database.start()
    status, words = struck(0.6, killed_and_started, **PATIENT)
    assert status == 0, words
    require_complete(server, project.folder)
    runs = server.database.runs()
    status, words = project.build(*SMOKE, **ada)
    assert status == 0 and "Nothing to be done" in words
    server.database.mark("deleted")
    (project.folder / "results/mlflow/runs.json").unlink()
    status, words = project.build(*SMOKE, **ada)
    assert status == 0, words
    require_complete(server, project.folder)
    assert (project.folder / "results/manifest.sha256").read_bytes() == seal
    usage = json.loads((project.folder / "results/usage/track.json").read_text())
    return {"said": "".join(said), "runs": runs, "seconds": usage["seconds"]}


def test_it_ends_with_one_finished_run_a_key(server, project, tracked):
    runs, keys = tracked["runs"], expected_keys(project.folder)
    assert [(key, status) for key, status, _ in runs] == [(key, "FINISHED") for key in keys]
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "runs.csv", "w", newline="") as stream:
        csv.writer(stream).writerows([("key", "status", "run"), *runs])
    (made,) = server.database.rows("SELECT count(*), pg_database_size('mlflow') FROM runs")
    artifacts = sum(path.stat().st_size for path in server.artifacts.rglob("*") if path.is_file())
    summary = {
        "keys": len(keys),
        "finished": len(runs),
        "made": made[0],  # each key twice for the time without blows, and what these left half made
        "blows": ["server killed", "database killed", "server killed and started again"],
        "seconds": tracked["seconds"],
        "database_bytes": made[1],
        "artifact_bytes": artifacts,
        "mlflow": mlflow.__version__,
        "postgresql": server.database.rows("SHOW server_version")[0][0],
    }
    (OUT / "summary.json").write_text(json.dumps(summary, indent=2))


def require_same_bytes(server: Server, project: SmallProject, folder: Path) -> None:
    """Assert that the server hands out, to a reader, the bytes that the results have."""
    index = json.loads((project.folder / "results/mlflow/runs.json").read_text())["experiments"]
    with account(server, "rob") as client:
        for name, found in index.items():
            run = next(iter(found["runs"].values()))
            figure = client.download_artifacts(run, f"figure/{name}.svg", folder)
            assert (
                Path(figure).read_bytes()
                == (project.folder / f"results/figures/{name}.svg").read_bytes()
            )


def test_artifacts_are_the_bytes_of_the_results(server, project, tracked, tmp_path):
    require_same_bytes(server, project, tmp_path)
    assert len(list(server.artifacts.rglob("model.safetensors"))) > 0


def test_a_reader_is_refused_and_no_password_is_anywhere(server, project, tracked):
    index = project.folder / "results/mlflow/runs.json"
    kept = index.read_bytes()
    index.unlink()
    before = server.database.runs()
    server.database.mark("deleted", before[0][2])  # with nothing to write nobody is refused
    status, said = project.build(*SMOKE, **server.asked_by("rob"))
    assert status == 1
    assert "ermission denied" in refused(said)
    assert server.database.runs() == before[1:]
    server.database.mark("active", before[0][2])
    require_no_password(server, project.folder, tracked["said"] + said)
    index.parent.mkdir(exist_ok=True)  # a job that fails takes it along
    index.write_bytes(kept)


def test_a_person_logs_in_by_tls_and_finds_an_experiment_and_a_run(
    server, project, tracked, tmp_path
):
    index = json.loads((project.folder / "results/mlflow/runs.json").read_text())["experiments"]
    found = index["multilayer_perceptron"]
    address = f"https://{server.name}/"
    here = f"--host-resolver-rules=MAP {server.name.partition(':')[0]} 127.0.0.1"
    rob = {"username": "rob", "password": server.passwords["rob"]}
    with proxy(server, tmp_path) as trusted, sync_playwright() as playwright:
        assert answer(server, trusted) == "HTTP/1.1 200 OK"
        chromium = playwright.chromium.launch(executable_path=browser.executable(), args=[here])
        try:
            stranger = chromium.new_context(ignore_https_errors=True).new_page()
            with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
                stranger.goto(address, timeout=PATIENCE)
            context = chromium.new_context(ignore_https_errors=True, http_credentials=rob)
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            page.goto(f"{address}#/experiments")
            first = next(iter(index))  # the last one is on another page of the list
            expect(page.get_by_role("link", name=first).first).to_be_visible()
            runs = f"{address}#/experiments/{found['experiment_id']}/runs"
            page.goto(runs)
            expect(page.get_by_text("published", exact=True).first).to_be_visible()
            page.goto(f"{runs}/{found['runs']['controlled']}")
            expect(page.get_by_text("test_accuracy", exact=True).first).to_be_visible()
        finally:
            chromium.close()


def test_a_backup_restored_elsewhere_has_every_run_and_account(server, project, tracked, tmp_path):
    """By the commands of docs/server.md: the databases first, then the artifacts."""
    for name in ("mlflow", "mlflow_auth"):
        call(server.database, "pg_dump", "--format=custom", f"--file={tmp_path}/{name}", name)
    with postgres(server.database.keys) as database:
        restored = Server(tmp_path, database)
        shutil.copytree(server.artifacts, restored.artifacts)
        restored.passwords = server.passwords
        for name in ("mlflow", "mlflow_auth"):
            call(
                database, "pg_restore", "--exit-on-error", f"--dbname={name}", f"{tmp_path}/{name}"
            )
        try:
            restored.start()
            assert database.runs() == server.database.runs()
            require_same_bytes(restored, project, tmp_path / "fetched")
            status, said = project.build(*SMOKE, **restored.asked_by("ada"))
            assert status == 0, said
            assert database.runs() == server.database.runs()
        finally:
            restored.kill()


def call(database: Database, name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as its superuser."""
    subprocess.run([program(name), *arguments], env=database.environment(), check=True)


OLD = "bf29a5ff90ea"  # the tables of MLflow 3.5.1, as in tests/faults/mlflow_3_5_1.sql
TABLES_OF_OLD = """
import sys
import sqlalchemy
from alembic import command
from mlflow.store.db.utils import InitialBase, _get_alembic_config
engine = sqlalchemy.create_engine("postgresql:///mlflow")
InitialBase.metadata.create_all(engine)
config = _get_alembic_config("postgresql:///mlflow")
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, sys.argv[1])
"""


def test_tables_of_an_older_mlflow_are_upgraded_with_what_they_hold(tmp_path):
    subprocess.run([DEPLOY / "make-secrets", tmp_path / "keys"], check=True)
    with postgres(tmp_path / "keys") as database:
        variables = database.environment("mlflow")
        subprocess.run([sys.executable, "-c", TABLES_OF_OLD, OLD], env=variables, check=True)
        database.rows(
            "INSERT INTO experiments (name, lifecycle_stage, artifact_location)"
            " VALUES ('old', 'active', 'mlflow-artifacts:/1') RETURNING 1"
        )
        server = Server(tmp_path, database)
        try:
            server.upgrade()
            server.start()
            with account(server, "admin") as client:
                assert client.get_experiment_by_name("old") is not None
        finally:
            server.kill()
