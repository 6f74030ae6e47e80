"""A small project tracked into a lab's server that is killed, loses answers and refuses."""

from __future__ import annotations

import pytest
import requests
from lab import expected_keys, refused, require_complete, require_no_password, wait_amid_a_run
from lossy import losing
from small_project import SmallProject, write

pytestmark = pytest.mark.pipeline
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}  # 2 s for a server that is away


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> SmallProject:
    return SmallProject(write(tmp_path_factory.mktemp("small") / "relearn"))


def test_answers_that_are_lost_make_nothing_twice(server, project):
    """MLflow's client asks again, and so may make a second of what it has made already."""
    calls = [
        "/experiments/create",
        "/runs/create",
        "/runs/log-batch",
        "/runs/update",
        "/artifacts/",
    ]
    with losing(server.address, calls) as way:
        address = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{way.server_port}"}
        status, said = project.build(**server.asked_by("ada") | address)
    assert status == 0, said
    assert way.to_lose == []
    require_complete(server, project.folder)


def test_a_server_killed_amid_tracking_loses_nothing(server, project):
    server.database.mark("deleted")
    (project.folder / "results/mlflow/runs.json").unlink(missing_ok=True)
    build = project.start(**server.asked_by("ada"), **IMPATIENT)
    wait_amid_a_run(server, build, 3)
    server.kill()
    status, said = build.end()
    assert status == 1, said
    assert refused(said).startswith(f"relearn: track: {server.address}: ")
    assert 3 <= len(server.database.runs()) < len(expected_keys(project.folder))
    server.start()
    status, said = project.build(**server.asked_by("ada"))
    assert status == 0, said
    require_complete(server, project.folder)


def test_a_reader_is_refused_in_one_line_and_no_password_is_kept(server, project):
    (project.folder / "results/mlflow/runs.json").unlink(missing_ok=True)
    server.database.mark("deleted")  # with nothing to write nobody is refused
    status, said = project.build(**server.asked_by("rob"), **IMPATIENT)
    assert status == 1, said
    assert "ermission denied" in refused(said)
    assert server.database.runs() == []
    require_no_password(server, project.folder, said)


def test_only_the_pages_of_its_name_may_ask(server):
    asked = f"{server.address}/api/2.0/mlflow/experiments/search"
    ada = ("ada", server.passwords["ada"])

    def status(host, origin=None, user=ada):
        headers = {"Host": host} | ({"Origin": origin} if origin else {})
        return requests.post(asked, json={"max_results": 1}, headers=headers, auth=user).status_code

    assert status(server.name) == status(server.name, f"https://{server.name}") == 200
    assert status(server.name, user=None) == 401
    assert status("evil.test") == status(server.name, "https://evil.test") == 403
