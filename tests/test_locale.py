"""A locale that is not UTF-8; the whole build in one is tests/pipeline/test_two_builds.py."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests_support import ASCII, ROOT


@pytest.mark.parametrize(
    ("locale", "shown"), [(ASCII, b"\\u22121.5\n"), ({"PYTHONUTF8": "1"}, "\u22121.5\n".encode())]
)
def test_what_make_prints_keeps_its_sign_on_any_terminal(locale, shown):
    code = "print(chr(0x2212) + str(1.5))"
    answer = subprocess.run(
        ["make", "--no-print-directory", "-f", "Makefile", "-f", "-", "show"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | locale,
        input=f"show:\n\t@{sys.executable} -c '{code}'\n".encode(),
        capture_output=True,
    )
    assert (answer.stdout, answer.stderr) == (shown, b"")
