"""No secret of the environment gets into what a build leaves: results, logs, store, report."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests_support import ROOT, SECRETS, fresh_python

from relearn.data import sources
from relearn.errors import ConfigError, DataError

PASSWORD = "hunter2%2Fx"  # as an address writes hunter2/x
BASIC = "Basic bWU6aHVudGVyMi94"  # me:hunter2/x
TOKEN = "open-4711"
NOTE = {"rule": "run", "wildcards": {}, "error": "no room", "log": "results/logs/run.log"}
NOTE |= {"tail": "", "ended": "2026-01-02T03:04:05+00:00"}


def holding(folder, *values):
    """The files below a folder that hold one of the values, with the value."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    return [
        (str(path.relative_to(folder)), value)
        for path in files
        for value in values
        if value.encode() in path.read_bytes()
    ]


@pytest.mark.pipeline
def test_a_build_keeps_no_secret_of_its_environment(built):
    """The shared build ran with these variables; the last is what its files would look like."""
    secrets = [*SECRETS.values(), "hunter2-of-a-database"]
    for name in ("results", ".snakemake"):
        assert holding(built.folder / name, *secrets, *SECRETS) == []
    assert not any(secret in built.output for secret in secrets)


def test_the_search_finds_what_it_looks_for(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/log").write_bytes(b"\0token=open-sesame-4711\n")
    assert holding(tmp_path, *SECRETS.values()) == [("deep/log", "open-sesame-4711")]


class Refusing(BaseHTTPRequestHandler):
    """A server that keeps who asks, and wants none of it; /moved is by a signed address."""

    def do_GET(self):
        self.server.authorizations.append(self.headers.get("Authorization"))
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", f"http://{self.headers['Host']}/signed?by={TOKEN}")
            self.end_headers()
        else:
            self.send_error(403)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.authorizations = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


TRACK = """
import sys
from pathlib import Path
from relearn.runs import tracking
results = Path(sys.argv[1])
try:
    tracking.track_failures(results)
except Exception:
    import traceback
    print(traceback.format_exc())
"""


@pytest.mark.parametrize(
    ("credentials", "more", "received"),
    [
        (f"me:{PASSWORD}", {}, BASIC),
        ("me", {"MLFLOW_TRACKING_PASSWORD": "hunter2/x"}, BASIC),
        (PASSWORD, {}, "Bearer hunter2/x"),
        (f"{PASSWORD}:", {}, "Bearer hunter2/x"),
        (f":{PASSWORD}", {}, "Bearer hunter2/x"),
    ],
)
def test_the_password_or_token_of_a_server_reaches_the_server_and_no_message(
    tmp_path, refusing, credentials, more, received
):
    note = tmp_path / "failures/run.json"
    note.parent.mkdir()
    note.write_text(json.dumps(NOTE))
    address = f"http://{credentials}@127.0.0.1:{refusing.server_port}"
    settings = {"MLFLOW_TRACKING_URI": address, "NO_PROXY": "127.0.0.1", "HOME": str(tmp_path)}
    said = fresh_python(TRACK, tmp_path, **settings, **more)
    assert refusing.authorizations[0] == received
    assert "403" in said
    assert "hunter2" not in said and "me:" not in said
    assert holding(tmp_path, "hunter2") == []


def test_the_password_of_a_server_that_is_away_is_in_no_message(tmp_path):
    note = tmp_path / "failures/run.json"
    note.parent.mkdir()
    note.write_text(json.dumps(NOTE))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        settings = {"MLFLOW_TRACKING_URI": f"http://me:{PASSWORD}@{host}", "NO_PROXY": "127.0.0.1"}
        settings["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        said = fresh_python(TRACK, tmp_path, **settings)
    assert f"http://{host}/api" in said  # MLflow does say whom it asked
    assert "hunter2" not in said and "me:" not in said


@pytest.mark.parametrize("path", [f"files?token={TOKEN}", "moved"])
def test_the_password_and_the_token_of_a_mirror_are_in_no_message(
    tmp_path, refusing, monkeypatch, capfd, path
):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    host = f"127.0.0.1:{refusing.server_port}"
    mirror = {"kind": "mirror", "url": f"http://me:{PASSWORD}@{host}/{path}"}
    pins = {"test_labels": {"name": "labels", "sha256": "0" * 64}}
    with pytest.raises(DataError) as caught:
        sources.fetch("small", pins, [mirror], tmp_path)
    assert refusing.authorizations[0] == BASIC
    said = f"{caught.value} {capfd.readouterr()}"
    assert f"mirror http://{host}/{path.partition('?')[0]}: HTTPError: 403 Client Error" in said
    assert "hunter2" not in said and "me:" not in said and TOKEN not in said


def test_a_mirror_that_is_miswritten_is_refused_without_its_password(tmp_path):
    source = {"kind": "mirror", "uri": f"http://me:{PASSWORD}@host/files?token={TOKEN}"}
    with pytest.raises(ConfigError) as caught:
        sources.fetch("small", {}, [source], tmp_path)
    assert "'uri': 'http://host/files'" in str(caught.value)


def test_make_ui_does_not_print_the_address_of_a_server(tmp_path):
    shutil.copy2(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/ready").write_text(f"{tmp_path.resolve()}\n")
    answer = subprocess.run(
        ["make", "--no-print-directory", "ui", "--old-file", ".venv/ready"],
        cwd=tmp_path,
        env=os.environ | {"MLFLOW_TRACKING_URI": f"http://me:{PASSWORD}@127.0.0.1:9"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert answer.returncode == 0
    assert answer.stdout.startswith("MLFLOW_TRACKING_URI is a server")
    assert "me:" not in answer.stdout and "hunter2" not in answer.stdout
