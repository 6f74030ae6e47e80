"""Strict mode reaches every library that chooses its routines by the processor."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
from tests_support import fresh_python

from relearn.runs import provenance, strict, versions

x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="strict mode is for x86-64")

NUMPY = """
import json, threadpoolctl, numpy, scipy.linalg
from numpy._core._multiarray_umath import __cpu_features__ as features
loaded = threadpoolctl.threadpool_info()
kernels = {each["architecture"] for each in loaded if each["internal_api"] == "openblas"}
print(json.dumps([sorted(kernels), features["X86_V2"], features["X86_V3"], features["X86_V4"]]))
"""
TORCH = """
import torch
print(torch.backends.cpu.get_cpu_capability())
x = torch.ones(4, 16, 64, 64)
x[0, 0] @ x[0, 0]
torch.nn.functional.conv2d(x, torch.ones(16, 16, 3, 3))
"""


@x86_64
def test_numpy_and_openblas_take_the_routines_for_the_oldest_processors():
    assert fresh_python(NUMPY, **strict.VARIABLES) == '[["Nehalem"], true, false, false]'


@x86_64
def test_pytorch_mkl_and_onednn_do_too():
    said = fresh_python(TORCH, **strict.VARIABLES, MKL_VERBOSE="1", ONEDNN_VERBOSE="1")
    assert "DEFAULT" in said.splitlines()
    assert "CNR:COMPATIBLE" in said
    assert "cpu,isa:Intel SSE4.1" in said


def test_a_build_is_strict_only_with_every_variable():
    assert strict.active(strict.VARIABLES)
    for name in strict.VARIABLES:
        others = {other: value for other, value in strict.VARIABLES.items() if other != name}
        assert not strict.active(others)
        assert not strict.active(others | {name: "else"})


def test_the_mode_counts_as_a_version_does(monkeypatch):
    before = (
        versions.used({"numpy"}),
        versions.installed(),
        provenance.command("default", "run", "x"),
    )
    for name, value in strict.VARIABLES.items():
        monkeypatch.setenv(name, value)
    strictly = versions.used({"numpy"}), versions.installed()
    assert strictly == tuple(found | {"instructions": "strict"} for found in before[:2])
    remade = provenance.command("default", "run", "x")
    assert remade == f"env $(.venv/bin/python -m relearn.runs.strict) {before[2]}"


def test_on_another_processor_the_command_says_so_and_env_gets_nothing(monkeypatch, capsys):
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert strict.main() == 1
    assert capsys.readouterr() == ("", "relearn: strict mode is for x86-64, not for arm64\n")


@x86_64
def test_the_command_prints_what_env_takes():
    command = [sys.executable, "-m", "relearn.runs.strict"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    python = [sys.executable, "-c", "from relearn.runs import strict; print(strict.active())"]
    answer = subprocess.run(["env", *said.split(), *python], capture_output=True, text=True)
    assert answer.stdout == "True\n", answer.stderr
