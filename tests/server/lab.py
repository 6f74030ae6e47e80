"""A lab's MLflow server as deploy/ starts it, on loopback, and what its database should hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient
from postgres import DEPLOY, Database, free_port, own_environment, postgres
from small_project import Build

from relearn.runs import record

STARTS = 600  # seconds; a tenth of it where nothing else runs
STATED = {  # by deploy/compose.yaml to deploy/mlflow/serve; the password is the script's to find
    "NAME", "PGHOST", "PGPORT", "PGUSER",
    "MLFLOW_HOST", "MLFLOW_PORT", "MLFLOW_ARTIFACTS_DESTINATION",
}  # fmt: skip


class Server:
    """MLflow over such a database, by the script that the container runs."""

    def __init__(self, folder: Path, database: Database):
        self.folder, self.database, self.port = folder, database, free_port()
        self.name = f"lab.test:{free_port()}"  # the proxy's, where there is one
        self.process: subprocess.Popen | None = None
        self.artifacts = folder / "artifacts"
        self.passwords = {"admin": (database.keys / "admin_password").read_text()}

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def _run(self, *arguments: str) -> subprocess.Popen:
        stated = self.database.environment("mlflow") | {
            "NAME": self.name,
            "MLFLOW_HOST": "127.0.0.1",
            "MLFLOW_PORT": str(self.port),
            "MLFLOW_ARTIFACTS_DESTINATION": str(self.artifacts),
        }
        variables = own_environment() | {"SECRETS": str(self.database.keys)}
        variables |= {name: stated[name] for name in STATED}
        with open(self.folder / "said", "a") as said:
            return subprocess.Popen(
                [DEPLOY / "mlflow/serve", *arguments],
                cwd=self.folder,
                env=variables,
                stdout=said,
                stderr=said,
                process_group=0,
            )

    def upgrade(self) -> None:
        """Bring the runs' tables up to the MLflow that is installed."""
        assert self._run("upgrade").wait(STARTS) == 0, self.said()[-2000:]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = self._run()
        until = time.monotonic() + STARTS
        while True:
            try:
                if requests.get(f"{self.address}/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            assert self.process.poll() is None and time.monotonic() < until, self.said()[-2000:]
            time.sleep(0.2)

    def said(self) -> str:
        """Return what it has said since it was made."""
        return (self.folder / "said").read_text()

    def kill(self) -> None:
        """SIGKILL for it and its workers."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def add(self, user: str, *role: str) -> None:
        """Make an account as docs/server.md says."""
        command = [sys.executable, str(DEPLOY / "add_user.py"), user, *role]
        variables = own_environment() | self.asked_by("admin")
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.passwords[user] = done.stdout.strip()

    def asked_by(self, user: str) -> dict[str, str]:
        """Return the variables that tell MLflow's client where to ask, and as whom."""
        return {
            "MLFLOW_TRACKING_URI": self.address,
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": self.passwords[user],
        }


@contextmanager
def lab(folder: Path) -> Iterator[Server]:
    """A running server with a writer, ada, and a reader, rob; stopped at the end."""
    subprocess.run([DEPLOY / "make-secrets", folder / "keys"], check=True)
    with postgres(folder / "keys") as database:
        server = Server(folder, database)
        try:
            server.start()
            server.add("ada", "writer")
            server.add("rob")
            yield server
        finally:
            server.kill()


@contextmanager
def account(server: Server, user: str) -> Iterator[MlflowClient]:
    """MLflow's client as somebody who has an account."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in server.asked_by(user).items():
            patched.setenv(name, value)
        yield MlflowClient(server.address)


def wait_amid_a_run(server: Server, build: Build, finished: float) -> None:
    """Wait until so many runs are FINISHED and the next is half made."""
    while True:
        found = [status for _, status, _ in server.database.runs()]
        if found.count("FINISHED") >= finished and "RUNNING" in found:
            return
        assert build.process.poll() is None, build.said()
        time.sleep(0.02)


def expected_keys(project: Path) -> list[str]:
    """Return the keys that the results of a built project call for, sorted."""
    plan = json.loads((project / ".snakemake/relearn_plan.json").read_text())[1]["experiments"]
    keys = []
    for path in (project / "results/provenance").glob("*/*.json"):
        origin = json.loads(path.read_text())
        keys.append(origin["key"])
        name, variant = origin["experiment"], origin["variant"]
        seeds = record.read(project / "results/runs" / name / variant).scalars["seed"]
        if plan[name]["seed_runs"] and len(seeds) > 1:
            keys += [f"{origin['key']}/{seed}" for seed in seeds]
    return sorted(keys)


def require_complete(server: Server, project: Path) -> None:
    """Assert that the database has one FINISHED run for each key, and no other active run."""
    runs = server.database.runs()
    assert {status for _, status, _ in runs} == {"FINISHED"}
    assert [key for key, *_ in runs] == expected_keys(project)


def refused(said: str) -> str:
    """Return the one line in which tracking says that it could not."""
    (line,) = [each for each in said.splitlines() if each.startswith("relearn: track: ")]
    assert "the results stay, and the same command tracks them" in line
    assert "Traceback" not in said
    return line


def require_no_password(server: Server, project: Path, said: str) -> None:
    """Assert that no password is in what was said or kept, the server's own log included."""
    passwords = [*server.passwords.values(), *map(server.database.password, ("postgres", "mlflow"))]
    files = [path for path in project.rglob("*") if path.is_file() and not path.is_symlink()]
    kept = [path.read_bytes() for path in files] + [said.encode(), server.said().encode()]
    assert len(kept) > 100
    assert not [each for each in passwords if any(each.encode() in content for content in kept)]
