"""A PostgreSQL of a test's own, on loopback, as deploy/ prepares it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
from tests_support import ROOT

DEPLOY = ROOT / "deploy"
FOREIGN = ("MLFLOW_", "PG", "PYTEST_")  # of the environment, what a lab's server does not have
ACTIVE = """
    SELECT tags.value, runs.status, runs.run_uuid FROM runs
    JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'relearn.key'
    WHERE runs.lifecycle_stage = 'active' ORDER BY tags.value
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL; Debian keeps them beside the PATH."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, beside), None)
    assert found, f"{name} is missing: install PostgreSQL (Debian: apt install postgresql)"
    return found


def own_environment() -> dict[str, str]:
    """Return this process's variables without those of MLflow, PostgreSQL and pytest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return kept | {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}


class Database:
    """A PostgreSQL of its own: data folder, loopback port, passwords; it takes no root."""

    def __init__(self, folder: Path, keys: Path):
        self.folder, self.keys, self.port = folder, keys, free_port()
        self.process: subprocess.Popen | None = None
        self._user = {"user": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        first = folder / "password"
        first.write_text(self.password("postgres"))
        if self._user:
            shutil.chown(folder, "postgres")
            shutil.chown(first, "postgres")
        command = [program("initdb"), "--no-sync", f"--pgdata={folder}/data", f"--pwfile={first}"]
        command += ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **self._user)
        assert done.returncode == 0, done.stderr
        first.unlink()

    def password(self, role: str) -> str:
        """Return a role's password."""
        name = "postgres_password" if role == "postgres" else "database_password"
        return (self.keys / name).read_text()

    def environment(self, role: str = "postgres") -> dict[str, str]:
        """Return the variables by which PostgreSQL's programs find it."""
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": role}
        return own_environment() | place | {"PGPASSWORD": self.password(role)}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
        }  # fmt: skip
        command = [program("postgres"), "-D", f"{self.folder}/data"]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with open(self.folder / "said", "a") as said:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=own_environment(), stdout=said, stderr=said,
                process_group=0, **self._user,
            )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            said = (self.folder / "said").read_text()
            assert self.process.poll() is None and time.monotonic() < until, said
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self.rows("SELECT 1", role="postgres", database="postgres")
        except psycopg2.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        """Make MLflow's role and databases, as the container does when it is new."""
        self.psql("--file", str(DEPLOY / "postgres/databases.sql"))

    def psql(self, *arguments: str) -> str:
        """Run psql as the superuser; return what it prints."""
        command = [program("psql"), "--no-psqlrc", "--quiet", *arguments, "postgres"]
        variables = self.environment() | {"SECRETS": str(self.keys)}
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(
        self, query: str, values: tuple = (), role: str = "mlflow", database: str = "mlflow"
    ) -> list[tuple]:
        """Return what a query finds."""
        asked = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=role, password=self.password(role),
            dbname=database,
        )  # fmt: skip
        try:
            with asked, asked.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall()
        finally:
            asked.close()

    def runs(self) -> list[tuple[str, str, str]]:
        """Return key, status and id of every active run of relearn's."""
        return self.rows(ACTIVE)

    def mark(self, stage: str, run: str = "%") -> None:
        """Delete a run, or all, as MLflow does, or take that back: `stage` is deleted or active."""
        change = "UPDATE runs SET lifecycle_stage = %s WHERE run_uuid LIKE %s RETURNING run_uuid"
        self.rows(change, (stage, run))

    def kill(self) -> None:
        """SIGKILL for the postmaster and all that it has started, each in a group of its own."""
        parent = psutil.Process(self.process.pid)
        for process in [parent, *parent.children(recursive=True)]:
            process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # its fast shutdown
            self.process.wait(60)


@contextmanager
def postgres(keys: Path) -> Iterator[Database]:
    """A running PostgreSQL with MLflow's role and databases, stopped at the end."""
    # Not below pytest's folder, which PostgreSQL's user may not enter.
    with tempfile.TemporaryDirectory(prefix="relearn-postgres-") as folder:
        database = Database(Path(folder), keys)
        try:
            database.start()
            database.prepare()
            yield database
        finally:
            database.stop()
