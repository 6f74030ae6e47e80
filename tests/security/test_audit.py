"""The audit in CI fails for a known vulnerability, and says where nothing was looked at."""

import json
import subprocess
import sys

import pytest
from tests_support import ROOT

CLEAN = {"name": "numpy", "version": "2.0", "vulns": []}
FLAW = {"id": "CVE-2031-1", "fix_versions": ["2.1", "3.0"], "aliases": [], "description": "Bad."}
SKIPPED = {"name": "relearn", "skip_reason": "Dependency not found"}
CASES = {
    "clean": ([CLEAN], 0, "1 packages audited, 0 known vulnerabilities\n"),
    "flawed": (
        [CLEAN, {"name": "jinja2", "version": "2.4", "vulns": [FLAW, FLAW | {"fix_versions": []}]}],
        1,
        "::error::jinja2 2.4: CVE-2031-1, mended in 2.1, 3.0\n"
        "::error::jinja2 2.4: CVE-2031-1, mended in no version yet\n"
        "2 packages audited, 2 known vulnerabilities\n",
    ),
    "partly": (
        [CLEAN, SKIPPED],
        0,
        "::warning::not audited: relearn\n1 packages audited, 0 known vulnerabilities\n",
    ),
    "unknown": (
        [SKIPPED],
        0,
        "::warning::nothing was audited: the advisory source knows none of the packages\n",
    ),
    "away": (None, 0, "::warning::nothing was audited: the advisory source did not answer\n"),
}


@pytest.mark.parametrize("packages, status, said", CASES.values(), ids=CASES)
def test_what_the_audit_says(tmp_path, packages, status, said):
    report = tmp_path / "audit.json"
    if packages is not None:
        report.write_text(json.dumps({"dependencies": packages, "fixes": []}))
    answer = subprocess.run(
        [sys.executable, ROOT / ".ci/audited.py", report], capture_output=True, text=True
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (status, said, "")
