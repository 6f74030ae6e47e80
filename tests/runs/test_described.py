"""MLflow's words: what a note says, how it is cut, which tags are set and which withdrawn."""

import hashlib
import json

import pytest

from relearn.runs import described
from relearn.runs.described import NOTE, NOTED, About, differing, outdated, row_anchor, withdrawn

CLAIM = {
    "id": "7a",
    "claim": "Sums grow.",
    "verdict": "supported",
    "kind": "mean",
    "weakest": "",
    "effect": {"estimate": 1.23456, "low": 1.1, "high": 1.36912, "unit": "points"},
}


def about(question="Does a sum grow?", claims=(CLAIM,), served=True):
    return About("sums", question, 2, claims, "smoke", served)


def digest(note):
    return hashlib.sha256(note.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, " (effect 1.23, 1.1 to 1.37 points)"),
        ({"weakest": "fast"}, " (effect 1.23, 1.1 to 1.37 points; the weakest part, fast)"),
        ({"kind": "exact"}, " (effect 1.23 points)"),
        ({"effect": CLAIM["effect"] | {"low": None, "high": None}}, " (effect 1.23 points)"),
        ({"effect": CLAIM["effect"] | {"estimate": None}}, ""),
    ],
)
def test_a_claim_is_told_with_its_effect(change, told):
    note = about(claims=[CLAIM | change]).experiment("1", [], [])[NOTE]
    assert note.splitlines()[-2:] == ["", f"- **7a, supported**: Sums grow.{told}"]


def test_without_claims_the_note_ends_with_what_a_run_is():
    tags = about(claims=[]).experiment("1", [], [])
    assert tags[NOTE].splitlines()[-1].startswith("- A run is a variant;")
    assert tags["relearn.scale"] == "smoke" and "claim.7a" not in tags


def test_a_note_that_is_too_long_is_cut_to_the_room_there_is():
    tags = about(question="?" * 6000).experiment("1", [], [])
    assert tags[NOTE] == "?" * 4998 + " …"
    assert tags[NOTED] == digest(tags[NOTE])


def test_a_variant_says_what_sets_it_apart():
    origin = {"variant": "fast", "params": {"rate": 0.5, "kind": "λ"}, "command": "make it"}
    tags = about(served=False).variant(origin, ["rate", "gone", "kind"])
    assert tags == {
        "claim.7a": "supported",
        "relearn.scale": "smoke",
        NOTE: "In the report: `results/report/index.html#run-sums-fast`\n\n"
        'Set apart by rate 0.5, kind "\\u03bb".\n\nRemake: `make it`',
        NOTED: digest(tags[NOTE]),
    }
    assert "Set apart" not in about().variant(origin, [])[NOTE]


def test_fifty_variants_have_a_row_each_and_more_share_one():
    assert row_anchor("sums", "fast", 50) == "run-sums-fast"
    assert row_anchor("sums", "fast", 51) == "made-sums"


def test_four_measures_are_shown_with_their_intervals_and_24_columns_at_most():
    measures = [f"m{number}" for number in range(20)]
    view = about().experiment("1", ["rate"], measures)["mlflow.sharedViewState.variants"]
    columns = json.loads(view)["selectedColumns"]
    assert columns[:5] == [
        "params.`rate`",
        *(f"metrics.`m0{e}`" for e in ("", "_low", "_high")),
    ] + ["metrics.`m1`"]
    assert columns[12:14] == ["metrics.`m3_high`", "metrics.`m4`"]
    assert len(columns) == 1 + 24 and columns[-1] == "metrics.`m15`"
    assert json.loads(view)["columnOrder"] == columns


def test_parameters_that_differ_in_some_variant():
    variants = [{"rate": 1, "size": 2}, {"rate": 1, "size": 3}, {"rate": 1, "size": 2, "own": 0}]
    assert differing(variants) == ["size", "own"]


def test_only_tags_with_another_value_are_set():
    assert outdated({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == {"b": "3", "c": "4"}


def test_our_own_note_is_renewed_and_an_edited_one_stays():
    wanted = {NOTE: "new", NOTED: digest("new"), "a": "1"}
    assert outdated({NOTE: "old", NOTED: digest("old")}, wanted) == wanted
    assert outdated({NOTE: "by hand", NOTED: digest("old")}, wanted) == {"a": "1"}
    assert outdated({NOTE: "by hand"}, wanted) == {"a": "1"}


def test_tags_of_claims_that_are_made_no_longer_are_withdrawn():
    assert withdrawn({"claim.7a": "exact", "claim.7b": "exact", "a": "1"}, {"claim.7a": ""}) == [
        "claim.7b"
    ]


def test_what_belongs_to_no_experiment_says_so():
    assert described.pipeline()[NOTE] == (
        "Jobs that belong to no experiment, here while their failure stands."
    )
