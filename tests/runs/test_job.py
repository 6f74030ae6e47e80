"""A job in a process of its own: what it leaves in its log, its note and on the terminal."""

import json
import os
import subprocess
import sys
from datetime import datetime

from tests_support import ASCII

JOB = """
import os, sys, time, types
from relearn.errors import ConfigError
from relearn.runs.job import job
wildcards = {{"experiment": "sums", "variant": "plain"}}
made = ["results/made.txt", "data/images.npy"]
asked = types.SimpleNamespace(
    rule="run", log="results/logs/run.log", wildcards=wildcards, output=made
)
with job(asked, show_progress={progress}):
    print("to the log")
    open(made[0], "w").write("abc")
    print("to the bar", file=sys.stderr)
    {body}
"""
PLACE = "run.sums.plain.json"
LOG = "results/logs/run.log"


def started(folder, body, progress=False, **environment):
    return subprocess.run(
        [sys.executable, "-c", JOB.format(body=body, progress=progress)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def note(folder):
    return json.loads((folder / "results/failures" / PLACE).read_text())


def test_a_success_is_silent_and_leaves_its_log_and_what_it_cost(tmp_path):
    answer = started(tmp_path, "block = bytearray(2**26); time.sleep(0.2); os.system('true')")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert (tmp_path / LOG).read_text().splitlines() == ["to the log", "to the bar"]
    assert list((tmp_path / "results/failures").iterdir()) == []
    usage = json.loads((tmp_path / "results/usage" / PLACE).read_text())
    assert list(usage) == ["seconds", "cpu_seconds", "peak_mib", "outputs"]
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert usage["outputs"] == {"results/made.txt": [3, abc]}
    assert 0.2 <= usage["seconds"] < 60
    assert 0 < usage["cpu_seconds"] < 60
    assert 64 < usage["peak_mib"] < 2048


def test_a_bar_stays_on_the_terminal(tmp_path):
    answer = started(tmp_path, "pass", progress=True)
    assert (answer.stdout, answer.stderr) == ("", "to the bar\n")
    assert (tmp_path / LOG).read_text() == "to the log\n"


def test_a_log_is_utf_8_in_any_locale(tmp_path):
    minus = "chr(0x2212)"
    answer = started(tmp_path, f"print({minus}); raise ConfigError({minus})", **ASCII)
    assert answer.stderr == f"relearn: run/sums/plain: \u2212 (log: {LOG})\n"
    lines = (tmp_path / LOG).read_text(encoding="utf-8").splitlines()
    assert lines == ["to the log", "to the bar", "\u2212", "\u2212"]
    assert note(tmp_path)["tail"].splitlines() == lines


def test_a_refusal_is_one_line_without_a_traceback(tmp_path):
    answer = started(tmp_path, "raise ConfigError('rate: -1; give a number\\nabove 0')")
    message = "rate: -1; give a number above 0"
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == f"relearn: run/sums/plain: {message} (log: {LOG})\n"
    assert "Traceback" not in (tmp_path / LOG).read_text()
    found = note(tmp_path)
    assert (found["error"], found["log"], found["rule"]) == (message, LOG, "run")
    assert found["wildcards"] == {"experiment": "sums", "variant": "plain"}
    assert found["tail"].splitlines()[-1] == message
    assert datetime.fromisoformat(found["ended"]).utcoffset().total_seconds() == 0
    assert not (tmp_path / "results/usage").exists()


def test_a_bug_leaves_its_traceback_in_the_log_and_its_note_in_the_line(tmp_path):
    body = "error = KeyError('loss'); error.add_note('variant plain'); raise error"
    answer = started(tmp_path, body)
    assert answer.returncode == 1
    assert (
        answer.stderr == f"relearn: run/sums/plain: variant plain: KeyError: 'loss' (log: {LOG})\n"
    )
    assert "Traceback (most recent call last)" in (tmp_path / LOG).read_text()
    assert note(tmp_path)["error"] == "variant plain: KeyError: 'loss'"


def test_an_interrupt_is_no_failure(tmp_path):
    answer = started(tmp_path, "raise KeyboardInterrupt")
    assert (answer.returncode, answer.stderr) == (1, "")
    assert list((tmp_path / "results/failures").iterdir()) == []


def test_a_killed_job_has_left_its_note(tmp_path):
    answer = started(tmp_path, "os.kill(os.getpid(), 9)")
    assert answer.returncode == -9
    assert note(tmp_path)["error"] == (
        "was killed, or its machine stopped, before it could say why"
    )
