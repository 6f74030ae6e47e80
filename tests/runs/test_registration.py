"""The history of a claim's threshold, read from a real repository."""

import subprocess
from pathlib import Path

import pytest
import yaml

from relearn.runs.registration import differences, of, registrations


def blocks(threshold=0.5, seeds=10, **others) -> dict:
    claims = {"10a": {"threshold": threshold}}
    return {"line": {"seeds": seeds, "variants": {"plain": {}}, "claims": claims} | others}


class Checkout:
    def __init__(self, folder: Path):
        self.folder = folder
        self.git("init", "-q")
        (folder / "config").mkdir()

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(self.folder), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, subject: str, experiments: dict) -> str:
        path = self.folder / "config/config.yaml"
        path.write_text(yaml.safe_dump({"experiments": experiments}))
        self.git("add", ".")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_the_first_commit_and_every_later_change(checkout):
    checkout.commit("an experiment", {"line": blocks()["line"] | {"claims": {}}})
    first = checkout.commit("thresholds", blocks())
    checkout.commit("another experiment", blocks() | {"other": {"seeds": 1, "claims": {}}})
    second = checkout.commit("bolder", blocks(threshold=0.4, seeds=20))
    found = registrations(checkout.folder, blocks(threshold=0.4, seeds=20))["10a"]
    assert (found.commit, found.whole) == (first, True)
    assert [(each.commit, each.subject) for each in found.changes] == [(second, "bolder")]
    assert found.changes[0].lines == ["seeds: 10 → 20", "claim 10a.threshold: 0.5 → 0.4"]


def test_a_commit_whose_config_was_broken_has_no_say(checkout):
    first = checkout.commit("thresholds", blocks())
    texts = ("experiments: [", "experiments:\n", "- 1\n", "experiments: {line: 1}")
    for number, broken in enumerate(texts):
        (checkout.folder / "config/config.yaml").write_text(broken)
        checkout.git("commit", "-qam", f"broken {number}")
    checkout.commit("misnamed", {"line": {"seeds": 10, "claim": {}}})
    checkout.commit("mended", blocks())
    found = registrations(checkout.folder, blocks())["10a"]
    assert (found.commit, found.changes) == (first, [])


def test_what_is_not_committed_is_said(checkout):
    checkout.commit("thresholds", blocks())
    found = registrations(checkout.folder, blocks(threshold=0.1))["10a"]
    assert [(each.commit, each.subject) for each in found.changes] == [("", "not committed")]
    new = blocks() | {"new": {"claims": {"1a": {"threshold": 1}}}}
    assert registrations(checkout.folder, new)["1a"].commit == ""
    assert registrations(checkout.folder, None)["10a"].changes == []


def test_another_scale_changes_sizes_on_purpose(checkout, monkeypatch):
    checkout.commit("thresholds", blocks())
    monkeypatch.chdir(checkout.folder)
    changed = {"experiments": blocks(seeds=2)}
    (change,) = of(changed | {"scale": "default"})["10a"].changes
    assert change.lines == ["seeds: 10 → 2"]
    assert of(changed | {"scale": "smoke"})["10a"].changes == []


def test_a_config_that_is_gone_keeps_its_history(checkout):
    first = checkout.commit("thresholds", blocks())
    checkout.git("rm", "-q", "config/config.yaml")
    checkout.git("commit", "-q", "-m", "gone")
    assert registrations(checkout.folder, None)["10a"].commit == first


def test_a_shallow_clone_says_that_it_is_one(checkout, tmp_path):
    checkout.commit("thresholds", blocks())
    last = checkout.commit("bolder", blocks(threshold=0.4))
    shallow = tmp_path / "shallow"
    checkout.git("clone", "-q", "--depth", "1", f"file://{checkout.folder}", str(shallow))
    found = registrations(shallow, None)["10a"]
    assert (found.commit, found.whole) == (last, False)


def test_outside_git_nothing_is_known(tmp_path):
    assert registrations(tmp_path, blocks()) == {}


def test_differences_name_the_place_and_both_values():
    before = {"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": None}
    after = {"a": 1, "b": {"c": [1, 3], "f": {"g": 1}}, "e": 0}
    assert list(differences(before, after)) == [
        "b.c: [1, 2] → [1, 3]",
        "b.d: removed, was x",
        'b.f: added, {"g": 1}',
        "e: null → 0",
    ]
