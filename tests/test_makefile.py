"""What make does before there is an environment."""

import shutil
import subprocess

import pytest
from tests_support import ROOT


@pytest.mark.parametrize("name", ["a b", "it's", "$(touch harm)"])
def test_a_folder_below_which_snakemake_starts_no_job_is_refused_at_once(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for file in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / file, folder)
    answer = subprocess.run(["make", "report"], cwd=folder, capture_output=True, text=True)
    assert answer.returncode == 2
    line = f"{folder}: Snakemake cannot start jobs below spaces or quotes: move it"
    assert line in answer.stderr.splitlines()
    assert not (folder / ".venv").exists()
    assert not (folder / "harm").exists()
