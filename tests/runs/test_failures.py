"""Notes of what failed: the end of the log, one a job, gone with the next success."""

import json
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


GOOD = {"rule": "judge", "wildcards": {}, "error": "no", "log": "no log", "tail": ""}
GOOD |= {"ended": "2026-01-02T03:04:05+00:00"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"rule": "jud', "Unterminated string"),
        ("", "Expecting value"),
        ("\xff", "codec can't decode"),
        ("[" * 100_000, "recursion"),
        ("[]", "is no mapping"),
        ("null", "is no mapping"),
        ("{}", "no 'rule'"),
        *((json.dumps(GOOD | {key: 1}), f"'{key}' is no ") for key in GOOD),
        *((json.dumps({k: GOOD[k] for k in GOOD if k != key}), f"no '{key}'") for key in GOOD),
        (
            json.dumps(GOOD | {"wildcards": {"experiment": []}}),
            "'wildcards' has a value that is no",
        ),
        (json.dumps(GOOD | {"ended": "yesterday"}), "Invalid isoformat string: 'yesterday'"),
    ],
    ids=lambda value: value[:60],
)
def test_a_spoilt_note_is_one_line_that_names_it(folder, content, reason):
    failures.write("judge", {}, "no log", "no")
    failures.path("judge", {}).write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=r"^results/failures/judge\.json: .*; delete it") as raised:
        list(failures.notes())
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_note_may_have_been_written_by_hand(folder):
    failures.write("judge", {}, "no log", "no")
    failures.path("judge", {}).write_text(json.dumps(GOOD))
    assert list(failures.notes()) == [GOOD]
