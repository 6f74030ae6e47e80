"""The MLflow store locked, spoilt, lost, old or away: no result is lost, tracking is caught up."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import mlflow
import pytest
from disks import fill, mounted
from mlflow import MlflowClient
from tests_support import soak

from benchmarks.project import environment
from relearn.errors import RelearnError
from relearn.runs import database
from relearn.runs.store import Store

OLD = Path(__file__).with_name("mlflow_3_5_1.sql")  # as MLflow 3.5.1 made it, with one run
STORE = "import sys; from pathlib import Path; from relearn.runs.store import Store; Store(Path())"


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """Where the database of a results folder is to be, our own and made here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow/made-in").write_text(f"{tmp_path}/mlflow")
    return tmp_path / "mlflow/mlflow.db"


def old(path: Path) -> None:
    """Make a database as MLflow 3.5.1 does."""
    with closing(sqlite3.connect(path)) as made:
        made.executescript(OLD.read_text())


def names(path: Path) -> list[str]:
    """Return the names of the experiments that a store has."""
    found = MlflowClient(f"sqlite:///{path}").search_experiments()
    return sorted(each.name for each in found)


def test_a_store_of_an_older_mlflow_is_upgraded_with_what_it_holds(store, capsys):
    old(store)
    Store(Path())
    client = MlflowClient(f"sqlite:///{store}")
    found = client.get_experiment_by_name("pipeline")
    (run,) = client.search_runs([found.experiment_id])
    assert (run.info.run_name, run.data.metrics) == ("an old run", {"test_mse": 1.5})
    assert [path.name for path in store.parent.glob("mlflow.db*")] == ["mlflow.db"]
    assert f"{store}: brought up to MLflow " in capsys.readouterr().out
    Store(Path())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("room", [0, 1.5], ids=["none", "for a copy and no more"])
def test_a_full_disk_costs_a_store_nothing_that_is_to_be_upgraded(store, capsys, room):
    with mounted("-t", "tmpfs", "-o", "size=8m", "none", str(store.parent)):
        (store.parent / "made-in").write_text(str(store.parent))
        old(store)
        before = store.read_bytes()
        filler = fill(store.parent)
        os.truncate(filler, filler.stat().st_size - int(room * len(before)))
        with pytest.raises(
            RelearnError, match=f"^{store}: .*disk is full.*; see to room and"
        ) as error:
            Store(Path())
        assert "\n" not in str(error.value)
        assert store.read_bytes() == before
        assert [path.name for path in store.parent.glob("mlflow.db*")] == ["mlflow.db"]
        filler.unlink()
        Store(Path())
        assert "pipeline" in names(store)
    assert "set aside" not in capsys.readouterr().out


def test_a_disk_that_may_not_be_written_to_costs_a_store_nothing(store):
    with mounted("-t", "tmpfs", "none", str(store.parent)):
        (store.parent / "made-in").write_text(str(store.parent))
        old(store)
        before = store.read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", str(store.parent)], check=True)
        with pytest.raises(RelearnError, match=f"^{store}: .*Read-only file system.*; see to room"):
            Store(Path())
        assert store.read_bytes() == before


def kept(store: Path) -> list[str]:
    """Return the names of the experiments in a file that another may have taken the place of."""
    with closing(sqlite3.connect(store)) as database:
        return sorted(name for (name,) in database.execute("SELECT name FROM experiments"))


def test_on_a_network_disk_sqlite_works_on_a_copy_that_takes_the_stores_place_whole(
    store, monkeypatch
):
    with mounted("-t", "tmpfs", "none", str(store.parent)):
        assert not database.on_network(store.parent)
        monkeypatch.setattr(database, "NETWORKS", {"tmpfs"})
        assert database.on_network(store.parent) and not database.on_network(store.parent.parent)
        (store.parent / "made-in").write_text(str(store.parent))
        with Store(Path()) as opened:
            opened.experiment("sums")
            assert not store.exists()
        assert kept(store) == ["Default", "sums"]
        before = store.read_bytes()
        with pytest.raises(KeyboardInterrupt), Store(Path()) as opened:
            opened.experiment("products")
            raise KeyboardInterrupt
        assert store.read_bytes() == before
        store.write_bytes(b"spoilt" * 1000)
        with Store(Path()) as opened:
            opened.experiment("sums")
        assert kept(store) == ["Default", "sums"]
        (aside,) = store.parent.glob("mlflow.db.*")
        assert aside.read_bytes() == b"spoilt" * 1000


def test_a_store_that_mlflow_knows_no_way_on_from_is_set_aside(store, capsys):
    old(store)
    with closing(sqlite3.connect(store)) as changed, changed:
        changed.execute("UPDATE alembic_version SET version_num = 'from-nowhere'")
    Store(Path())
    (aside,) = store.parent.glob("mlflow.db.*")
    said = capsys.readouterr().out
    assert "from-nowhere" in said and f"set aside as {aside.name}, made anew" in said
    assert names(store) == ["Default"]


def test_a_store_whose_copy_mlflow_refuses_after_the_upgrade_is_set_aside(store, capsys):
    old(store)
    refusals = [RuntimeError("no such column: runs.nothing")]

    def enter(path):
        if refusals:
            raise refusals.pop()

    database.ready(store, enter)
    said = capsys.readouterr().out
    assert f"{store}: RuntimeError: no such column: runs.nothing; set aside as mlflow.db." in said


def test_an_upgrade_that_is_killed_costs_the_store_nothing(store, monkeypatch):
    old(store)
    before = store.read_bytes()
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    run = subprocess.run
    monkeypatch.setattr(database.subprocess, "run", lambda _, **how: run(killed, **how))
    with pytest.raises(
        RelearnError, match=f"^{store}: the upgrade by MLflow was ended by signal 9;"
    ):
        database.ready(store, names_of_tables)
    assert store.read_bytes() == before
    assert [path.name for path in store.parent.glob("mlflow.db*")] == ["mlflow.db"]


def test_a_store_is_never_half_made(store):
    """Whenever its making is killed, what is there serves or is nothing at all."""
    process = subprocess.Popen([sys.executable, "-c", STORE], env=environment())
    while not list(store.parent.glob(".*.db")):
        assert process.poll() is None
    time.sleep(0.3)
    process.kill()
    process.wait()
    assert not store.exists()
    Store(Path())
    assert names(store) == ["Default"]


def spoil_the_head(path: Path) -> None:
    path.write_bytes(b"not a database" + path.read_bytes()[14:])


def spoil_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("spoil", [spoil_the_head, spoil_the_middle, truncate])
def test_a_spoilt_store_is_set_aside_and_made_anew(store, spoil, capsys):
    old(store)
    spoil(store)
    spoilt = store.read_bytes()
    entered = []
    database.ready(store, lambda path: entered.append(path) or old(path))
    (aside,) = store.parent.glob("mlflow.db.*")
    assert aside.read_bytes() == spoilt
    assert f"set aside as {aside.name}, made anew" in capsys.readouterr().out
    assert names_of_tables(store) == names_of_tables_of_old()


def names_of_tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as found:
        return {name for (name,) in found.execute("SELECT name FROM sqlite_master")}


def names_of_tables_of_old() -> set[str]:
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(OLD.read_text())
        return {name for (name,) in made.execute("SELECT name FROM sqlite_master")}


def test_a_new_store_is_not_undone_by_the_journal_of_a_lost_one(store):
    with closing(sqlite3.connect(store, isolation_level=None)) as lost:
        lost.execute("PRAGMA cache_spill = 1")
        lost.execute("PRAGMA cache_size = 1")
        lost.execute("CREATE TABLE rows (content)")
        lost.execute("INSERT INTO rows VALUES (zeroblob(100000))")
        lost.execute("BEGIN")
        lost.execute("UPDATE rows SET content = zeroblob(200000)")
        journal = store.with_name("mlflow.db-journal").read_bytes()
        lost.execute("ROLLBACK")
    assert journal
    store.unlink()
    store.with_name("mlflow.db-journal").write_bytes(journal)
    database.ready(store, old)
    with closing(sqlite3.connect(store)) as made:
        assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert made.execute("SELECT name FROM runs").fetchall() == [("an old run",)]


@contextmanager
def locked(path: Path, seconds: float):
    """Another program's exclusive lock on a database."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(seconds, holder.execute, ["ROLLBACK"])
    timer.start()
    yield
    timer.join()
    holder.close()


def test_a_locked_store_is_waited_for(store):
    old(store)
    (store.parent / "made-by").write_text(mlflow.__version__)
    with locked(store, seconds=7):  # longer than SQLite itself would wait
        start = time.monotonic()
        database.ready(store, names_of_tables)
        assert time.monotonic() - start > 6


def test_a_store_that_stays_locked_is_one_line(store, monkeypatch):
    old(store)
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    with locked(store, seconds=1), pytest.raises(RelearnError) as error:
        database.ready(store, names_of_tables)
    assert str(error.value).startswith(f"{store}: another program has kept it locked for ")
    assert "\n" not in str(error.value)
    assert [path.name for path in store.parent.glob("mlflow.db*")] == ["mlflow.db"]


@pytest.mark.pipeline
def test_a_build_with_a_spoilt_store_catches_up(built, whole):
    spoil_the_head(built.folder / "results/mlflow/mlflow.db")
    status, said = built.build()
    assert status == 0, said
    assert built.tracked() == whole.tracked()
    assert built.manifest() == whole.manifest()


@soak
@pytest.mark.pipeline
def test_a_build_with_a_store_locked_for_half_a_minute_ends_well(built, whole):
    (built.folder / "results/mlflow/runs.json").unlink()
    with locked(built.folder / "results/mlflow/mlflow.db", seconds=30):
        status, said = built.build()
    assert status == 0, said
    assert built.tracked() == whole.tracked()


@contextmanager
def server(folder: Path, port: int):
    """An MLflow server of its own on the loopback address."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(folder / "said", "w") as said:
        process = subprocess.Popen(
            command, env=environment(**quiet), stdout=said, stderr=said, process_group=0
        )
        try:
            for _ in range(600):
                with socket.socket() as asked:
                    if asked.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, (folder / "said").read_text()
                time.sleep(0.2)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@soak
@pytest.mark.pipeline
def test_a_server_that_is_away_costs_no_result_and_is_caught_up_with(bare, whole, tmp_path):
    port = free_port()
    address = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    status, said = bare.build(**address)
    assert status == 1
    (line,) = [each for each in said.splitlines() if each.startswith("relearn: track: ")]
    assert f"http://127.0.0.1:{port}: " in line and "see that the server is up" in line
    assert "Traceback" not in said
    assert bare.manifest() == whole.manifest()
    assert "scoreboard" in bare.page()
    with server(tmp_path / "served", port):
        build = bare.start(**address)
        build.job("track")
        time.sleep(0.3)
    status, said = build.end()  # it went away in the midst of it
    assert status == 1, said
    with server(tmp_path / "served", port):
        status, said = bare.build(**address)
        assert status == 0, said
        tracked = bare.tracked(address["MLFLOW_TRACKING_URI"])
    assert tracked == whole.tracked()
    assert bare.manifest() == whole.manifest()
