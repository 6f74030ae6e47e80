"""A benchmark's copy of the project is what git would commit, and a failed command is one line."""

import subprocess

import pytest
from tests_support import ROOT

from benchmarks import project
from relearn.errors import RelearnError


def test_a_copy_is_what_git_would_commit(tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/old").touch()
    folder = project.copy(tmp_path / "copy")
    assert (folder / "Snakefile").read_bytes() == (ROOT / "Snakefile").read_bytes()
    assert not (folder / "old").exists()
    for ignored in (".venv", "results", "data", ".snakemake"):
        assert not (folder / ignored).exists()
    subprocess.run(["git", "check-ignore", "-q", "results"], cwd=ROOT, check=True)


def test_a_command_that_fails_is_one_line(tmp_path):
    with pytest.raises(RelearnError, match="^sh -c echo no; exit 3: status 3: no$"):
        project.call(tmp_path, "sh", "-c", "echo no; exit 3")


def test_a_program_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(RelearnError, match="'no-such-program': install no-such-program"):
        project.call(tmp_path, "no-such-program", "--version")
