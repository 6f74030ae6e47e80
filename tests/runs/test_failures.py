"""Notes of what failed: the end of the log, one a job, gone with the next success."""

import os

import pytest

from relearn.errors import DataError
from relearn.runs import failures


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_note_ends_with_the_last_twenty_lines_of_the_log(folder):
    (folder / "log").write_bytes(b"".join(b"line %d \xff\n" % number for number in range(30)))
    failures.write("run", {"experiment": "sums"}, "log", "no")
    (found,) = failures.notes()
    lines = found["tail"].splitlines()
    assert (len(lines), lines[0], lines[-1]) == (20, "line 10 \ufffd", "line 29 \ufffd")


def test_notes_come_by_name_and_one_is_cleared(folder):
    for rule in ("judge", "draw"):
        failures.write(rule, {"experiment": "sums"}, "no log", rule)
    assert [each["error"] for each in failures.notes()] == ["draw", "judge"]
    assert next(failures.notes())["tail"] == ""
    failures.clear("draw", {"experiment": "sums"})
    failures.clear("draw", {"experiment": "sums"})
    assert os.listdir("results/failures") == ["judge.sums.json"]


def test_a_spoilt_note_is_one_line_that_names_it(folder):
    failures.write("judge", {}, "no log", "no")
    failures.path("judge", {}).write_text('{"rule": "jud')
    with pytest.raises(DataError, match=r"results/failures/judge\.json: .*; delete it") as raised:
        list(failures.notes())
    assert "\n" not in str(raised.value)
