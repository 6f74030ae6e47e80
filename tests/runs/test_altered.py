"""Results that are not what their job wrote are set aside, so that they are made again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from relearn.errors import DataError
from relearn.runs.altered import digests, set_aside, unaltered

SCALARS = "results/runs/a/b/scalars.csv"


@pytest.fixture
def scalars(tmp_path, monkeypatch) -> Path:
    """A result and what its job left of it, both older than the manifest."""
    monkeypatch.chdir(tmp_path)
    path = Path(SCALARS)
    path.parent.mkdir(parents=True)
    path.write_text("seed,loss\n0,1.5\n1,2.5\n")
    Path("results/usage").mkdir()
    left = {"seconds": 1.0, "outputs": digests([SCALARS, "data/mnist/raw/a.idx"])}
    Path("results/usage/run.a.b.json").write_text(json.dumps(left))
    os.utime(path, (100, 100))
    Path("results/manifest.sha256").touch()
    return path


def found() -> list[str]:
    return list(set_aside(Path("results/usage"), Path("results/manifest.sha256")))


def test_a_job_leaves_size_and_digest_of_its_results_and_nothing_of_data(scalars):
    left = json.loads(Path("results/usage/run.a.b.json").read_text())["outputs"]
    digest = "c7514c6b365e1a3bf1dbf5318fcdaada1f2bc472f3a7c737c99c275addd47dc7"
    assert left == {SCALARS: [22, digest]}


def test_a_result_as_it_was_made_stays(scalars):
    assert found() == []
    scalars.touch()
    assert found() == []
    assert scalars.exists()


def test_a_result_that_is_cut_short_is_set_aside_however_old_it_looks(scalars):
    scalars.write_text("seed,loss\n0,1.5\n")
    os.utime(scalars, (100, 100))
    assert found() == [SCALARS]
    assert not scalars.exists()
    assert Path(f"{SCALARS}.altered").read_text() == "seed,loss\n0,1.5\n"


def test_a_result_of_another_byte_is_set_aside(scalars):
    scalars.write_text("seed,loss\n0,1.5\n1,2.6\n")
    os.utime(scalars, (2e9, 2e9))
    assert found() == [SCALARS]


def test_a_manifest_of_another_byte_is_set_aside_and_vouches_for_nothing(scalars):
    manifest = Path("results/manifest.sha256")
    left = {"outputs": digests([str(manifest)])}
    Path("results/usage/seal.json").write_text(json.dumps(left))
    assert found() == []
    scalars.write_text("seed,loss\n0,1.5\n1,2.6\n")
    os.utime(scalars, (100, 100))
    manifest.write_text("0")
    assert found() == [SCALARS, str(manifest)]


def test_the_report_of_a_failed_build_stays_until_it_is_made_again(scalars):
    scalars.write_text("with gaps")
    os.utime(scalars, (0, 0))
    assert found() == []


def test_a_result_that_is_missing_or_of_an_earlier_version_is_nobodys_business(scalars):
    scalars.unlink()
    Path("results/usage/run.a.c.json").write_text('{"seconds": 1.0}')
    Path("results/usage/run.a.d.json").write_text('{"seco')
    assert found() == []


SPOILT = [
    "[]",
    '{"outputs": []}',
    '{"outputs": 5}',
    '{"outputs": {"results/runs/a/b/scalars.csv": 5}}',
    '{"outputs": {"results/runs/a/b/scalars.csv": [1]}}',
    '{"outputs": {"results/runs/a/b/scalars.csv": [null, 1]}}',
    '{"outputs": {"results/runs": [1, "x"]}}',
    '{"outputs": {"results/runs/a/b/scalars.csv\\u0000": [1, "x"]}}',
    "[" * 100_000,
]


@pytest.mark.parametrize("spoilt", SPOILT, ids=range(len(SPOILT)))
def test_a_spoilt_file_of_usage_says_nothing(scalars, spoilt):
    Path("results/usage/run.a.c.json").write_text(spoilt)
    assert found() == []
    assert list(unaltered([], Path("results/usage"))) == []


def test_a_folder_in_the_place_of_a_file_says_nothing(scalars):
    for name in ("usage/run.a.c.json", "manifest.sha256"):
        Path("results", name).unlink(missing_ok=True)
        Path("results", name).mkdir()
    assert found() == []


def test_no_file_outside_the_results_is_touched_whatever_a_file_of_usage_says(scalars, tmp_path):
    outside = {str(tmp_path / "id_rsa"): [0, "x"], "results/../notes": [0, "x"], "notes": [0, "x"]}
    Path("results/usage/zz.json").write_text(json.dumps({"outputs": outside}))
    for name in ("id_rsa", "notes"):
        (tmp_path / name).write_text("mine")
    assert found() == []
    assert (tmp_path / "id_rsa").read_text() == (tmp_path / "notes").read_text() == "mine"


def test_an_altered_result_is_not_sealed(scalars):
    ((name, digest),) = unaltered([SCALARS], Path("results/usage"))
    assert (name, digest[:8]) == (SCALARS, "c7514c6b")
    scalars.write_text("seed,loss\n0,1.5\n1,2.6\n")
    os.utime(scalars, (100, 100))
    with pytest.raises(DataError, match=r"scalars\.csv: is not what its job wrote; delete it and"):
        list(unaltered([SCALARS], Path("results/usage")))
