"""The committed reference and a build: what rounding explains, and what is a real difference."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests_support import ROOT

from relearn.report.results import Results
from relearn.report.tolerances import SENSITIVE, findable
from relearn.report.verification import OtherBuild, Verification, sensitive, verify
from relearn.runs import differences

from .conftest import NOISE, SEEDS, Build, verdict

SAME_RATE = {"rate": np.full(SEEDS, 0.1)}
TUNED, PUBLISHED = "linear_regression/tuned", "linear_regression/published"
COMMAND = ".venv/bin/snakemake --cores 1 --forcerun run -- results/runs/linear_regression/tuned"


@pytest.fixture(autouse=True)
def builds(a, b):
    for build in (a, b):
        for variant, metrics in {
            "tuned": {"w": NOISE[0] + 3} | SAME_RATE,
            "published": {"w": [3.25]},
        }.items():
            build.run(variant, {"command": COMMAND}, **metrics)
    sensitive_in(a)


def sensitive_in(build: Build, runs: dict | None = None, listings: dict | None = None) -> None:
    build.write(SENSITIVE, {"runs": runs or {}, "listings": listings or {}})


def verified(a: Build, b: Build) -> Verification:
    """Seal both, so that each is a build as the pipeline leaves it, and compare them."""
    for build in (a, b):
        build.seal()
    return verify(Results.found(a.folder), Results.found(b.folder))


def real(a: Build, b: Build) -> list[str]:
    return verified(a, b).real


def test_a_build_is_its_own_reference(a, b):
    assert real(a, b) == []


def test_the_last_digits_of_another_machine_are_no_real_difference(a, b):
    b.run("tuned", {"command": COMMAND}, w=(NOISE[0] + 3) * (1 + 1e-12), **SAME_RATE)
    b.write("published.json", {"10.1": {"w": 3.25 * (1 + 1e-12), "loss": [2.0, 1.0, 0.5]}})
    assert real(a, b) == []


def test_residues_of_rounding_are_not_compared_digit_by_digit(a, b):
    for build, residue in ((a, 2e-16), (b, 9e-12)):
        build.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3, gap=np.full(SEEDS, residue))
    assert real(a, b) == []


@pytest.mark.parametrize("change", [1e-6, 1e-3, np.nan])
def test_one_seed_of_a_plain_run_that_is_off_is_a_real_difference(a, b, change):
    w = NOISE[0] + 3
    w[4] += change
    b.run("tuned", {"command": COMMAND}, w=w, **SAME_RATE)
    (line,) = real(a, b)
    assert line.startswith(f"{TUNED} w: ") and line.endswith(", further than rounding")


@pytest.mark.parametrize(
    ("known", "shift", "reason"),
    [
        (1e-6, 1e-6, None),  # the strict build itself
        (1e-6, 1.27e-5, None),  # Student's t with one degree of freedom: 12.71 at 5 %
        (1e-6, 1.28e-5, "further than rounding took the strict build"),
        (1e-6, np.nan, "further than rounding took the strict build"),
        (None, 1e-6, "further than rounding"),
    ],
)
def test_what_is_computed_once_for_all_seeds_may_move_as_rounding_moved_the_strict_build(
    a, b, known, shift, reason
):
    shown = {} if known is None else {"floor": known}
    sensitive_in(a, {TUNED: {"w": 0.1} | shown})
    a.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3, floor=np.full(SEEDS, 2.0))
    moved = np.full(SEEDS, 2.0 / (1 - shift))
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3, floor=moved)
    found = real(a, b)
    assert len(found) == (reason is not None)
    assert all(line.startswith(f"{TUNED} floor: ") and line.endswith(reason) for line in found)


def test_a_setting_that_is_the_same_in_every_seed_is_no_noise(a, b):
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3, rate=np.full(SEEDS, 0.2))
    assert real(a, b) == [f"{TUNED} rate: 0.1 → 0.2, further than rounding"]


def test_a_sensitive_run_may_differ_in_each_seed_but_not_in_the_mean(a, b):
    sensitive_in(a, {TUNED: {"w": 0.01}})
    flips = np.tile([0.3, -0.3], SEEDS // 2)
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3 + flips, **SAME_RATE)
    assert real(a, b) == []
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3.5 + flips / 10, **SAME_RATE)
    (line,) = real(a, b)
    assert line.endswith("moved beyond noise in 10 pairs of seeds")


def test_a_flip_is_no_real_difference_where_a_variant_beside_it_is_sensitive(a, b):
    sensitive_in(a, {"linear_regression/else": {"w": 0.01}})
    flipped = np.where(np.arange(SEEDS) == 4, 0.01, 0)
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3 + flipped, **SAME_RATE)
    assert real(a, b) == []


def test_by_other_code_a_sensitive_run_keeps_to_rounding(a, b):
    """An edit may change a training as rounding does; nothing tells them apart."""
    sensitive_in(a, {TUNED: {"w": 0.01}, PUBLISHED: {"w": 0.01}}, {"10.1 w": 0.01})
    for variant, w in (
        ("tuned", NOISE[0] + 3 + np.tile([0.3, -0.3], SEEDS // 2)),
        ("published", [3.4]),
    ):
        rate = SAME_RATE if variant == "tuned" else {}
        b.run(variant, {"command": COMMAND, "fingerprint": "g"}, w=w, **rate)
    b.write("published.json", {"10.1": {"w": 3.4, "loss": [2.0, 1.0, 0.5]}})
    moved = verdict("10a", "linear_regression", "It recovers the line.")
    moved["effect"] = moved["effect"] | {"estimate": 1.23457}
    b.write("claims.json", [moved])
    lines = real(a, b)
    assert [line.split(": ")[0] for line in lines] == [
        f"{PUBLISHED} w",
        f"{TUNED} w",
        "listing 10.1 w, number 1",
        "claim 10a",
    ]
    assert all(line.endswith(", further than rounding, by other code") for line in lines)


def test_a_shift_that_no_interval_shows_is_no_real_difference(a, b):
    sensitive_in(a, {TUNED: {"w": 0.01}})
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3.00001 + NOISE[1] * 1e-6, **SAME_RATE)
    assert real(a, b) == []


def test_three_seeds_are_enough_to_see_that_a_training_failed(a, b):
    """So few that after Holm's correction over these metrics none of them can have moved."""
    sensitive_in(a, {TUNED: {"accuracy": 0.01}})
    few = NOISE[:, :3] / 10
    for build, mean, noise in ((a, 97.0, few[1]), (b, 10.0, few[2])):
        others = {f"other_{number}": few[0] + noise for number in range(9)}
        build.run("tuned", {"command": COMMAND}, accuracy=few[0] + mean, **others)
    (line,) = real(a, b)
    assert line.startswith(f"{TUNED} accuracy: ")
    assert line.endswith("further than other seeds would be")


@pytest.mark.parametrize(("w", "expected"), [(3.4, []), (30.0, ["further than two seeds are"])])
def test_a_lone_seed_is_measured_by_the_seeds_of_the_variant_beside_it(a, b, w, expected):
    sensitive_in(a, {PUBLISHED: {"w": 0.01}}, {"10.1 w": 0.01})
    b.run("published", {"command": COMMAND}, w=[w])
    b.write("published.json", {"10.1": {"w": w, "loss": [2.0, 1.0, 0.5]}})
    lines = real(a, b)
    assert [any(reason in line for reason in expected) for line in lines] == [True, True][
        : len(lines)
    ]
    assert len(lines) == 2 * len(expected)


def test_a_listing_in_double_precision_keeps_to_rounding(a, b):
    b.write("published.json", {"10.1": {"w": 3.25, "loss": [2.0, 1.0, 0.50001]}})
    assert real(a, b) == ["listing 10.1 loss, number 3: 0.5 → 0.50001, further than rounding"]


def test_a_verdict_that_would_change_is_named(a, b):
    changed = verdict("10a", "linear_regression", "It recovers the line.", verdict="inconclusive")
    b.write("claims.json", [changed])
    done = verified(a, b)
    assert done.real == ["claim 10a: supported → inconclusive"]
    assert [claim.id for claim in done.changed] == ["10a"]


def test_a_condition_whose_verdict_would_change_is_named_though_the_claims_stays(a, b):
    for build, word in ((a, "supported"), (b, "contradicted")):
        whole = verdict("10a", "linear_regression", "It recovers the line.", verdict="contradicted")
        few = whole | {"name": "few", "condition": "few points", "verdict": word}
        build.write("claims.json", [whole | {"weakest": "few", "conditions": [few]}])
    assert real(a, b) == ["claim 10a, few points: supported → contradicted"]


def test_an_effect_of_plain_runs_keeps_to_rounding(a, b):
    changed = verdict("10a", "linear_regression", "It recovers the line.")
    changed["effect"] = changed["effect"] | {"estimate": 1.23457}
    b.write("claims.json", [changed])
    assert real(a, b) == ["claim 10a: effect 1.23456 → 1.23457, further than rounding"]


def test_what_the_results_lack_is_a_real_difference(a, b):
    shutil.rmtree(b.folder / "runs/linear_regression/published")
    assert real(a, b) == [
        f"variant {PUBLISHED}: in the reference only",
        *(
            f"file runs/{PUBLISHED}/{name}: in the reference only"
            for name in ("arrays.npz", "curves.csv", "scalars.csv")
        ),
    ]


def test_seeds_that_the_results_lack_are_a_real_difference(a, b):
    facts = {"command": COMMAND, "params": {"seeds": SEEDS, "rate": 0.1}}
    b.run("tuned", facts, w=NOISE[0][:9] + 3, rate=np.full(9, 0.1))
    lines = [line.partition(", ")[2] for line in real(a, b)]
    assert lines == ["10 seeds in the reference, 9 here"] * 2


def test_files_that_were_not_kept_are_told_by_the_manifest(a, b):
    for build, curve in ((a, "1"), (b, "2")):
        build.write("figures/linear_regression.csv", curve)
        build.seal()
    (a.folder / "figures/linear_regression.csv").unlink()
    done = verify(Results.found(a.folder), Results.found(b.folder))
    assert (done.sealed, done.unequal) == (9, ["figures/linear_regression.csv"])


CURVES = "runs/linear_regression/tuned/curves.csv"


def other_curves(build: Build) -> None:
    """As an edit of the code would leave them: other curves, and the manifest says so."""
    (build.folder / CURVES).write_text("seed,step,loss\n0,0,1.0\n", encoding="utf-8")


def test_a_file_that_differs_where_all_numbers_are_equal_is_a_real_difference(a, b):
    other_curves(b)
    done = verified(a, b)
    assert done.real == [f"file {CURVES}: not equal, though every number is"]
    assert (done.unequal, done.unjudged) == ([CURVES], [])


@pytest.mark.parametrize("reason", ["rounding", "versions"])
def test_curves_of_a_machine_that_rounds_otherwise_are_listed_and_not_judged(a, b, reason):
    other_curves(b)
    facts = {"command": COMMAND}
    if reason == "rounding":
        b.run("published", facts, w=[3.25 * (1 + 1e-12)])
    else:
        b.run("published", facts | {"versions": {"numpy": "2.0.1"}}, w=[3.25])
    done = verified(a, b)
    assert (done.real, done.unjudged) == ([], [CURVES])
    (*_, heading, listed, _) = script("verify.py", a.folder, b.folder).stdout.splitlines()
    assert heading == "curves, arrays and figures are compared by their bytes alone; not equal:"
    assert listed == f"  {CURVES}"


def test_in_strict_mode_every_file_is_equal_to_the_strict_build_of_the_reference(a, b):
    facts = {"command": COMMAND, "versions": {"instructions": "strict"}}
    for metrics in ({"w": NOISE[0] + 3} | SAME_RATE, {"w": [3.25 * (1 + 1e-12)]}):
        b.run("tuned" if "rate" in metrics else "published", facts, **metrics)
    b.seal()
    shutil.copy(b.folder / "manifest.sha256", a.folder / "strict.sha256")
    assert real(a, b) == []
    other_curves(b)
    assert real(a, b) == [f"file {CURVES}: not equal to the strict build's"]


def test_a_file_that_one_of_both_alone_has_is_a_real_difference(a, b):
    a.write("figures/old.svg", "")
    for number in range(20):
        b.write(f"figures/new_{number}.svg", "")
    done = verified(a, b)
    assert done.real[0] == "file figures/old.svg: in the reference only"
    assert done.real[1:] == [
        f"file figures/{name}.svg: in the results only"
        for name in sorted(f"new_{number}" for number in range(20))
    ]
    assert (done.sealed, done.unequal) == (9, ["figures/old.svg"])


SPOILT = {
    "an altered file": ("b", CURVES, "seed,loss\n", " is not what manifest.sha256 says"),
    "a deleted file": ("b", CURVES, None, " is missing"),
    "no manifest": ("b", "manifest.sha256", None, " is missing"),
    "an empty manifest": ("b", "manifest.sha256", "", ": is empty; delete it and"),
    "a spoilt manifest": ("b", "manifest.sha256", "abc\n", ": line 1 is no line of sha256sum"),
    "an altered reference": ("a", CURVES, "seed,loss\n", " is not what manifest.sha256 says"),
    "a reference without manifest": ("a", "manifest.sha256", None, " is missing"),
    "a spoilt list": ("a", SENSITIVE, "[]", "is not of type 'object'; delete it and"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_is_not_what_its_build_made_is_one_line_and_status_2(a, b, case):
    side, path, content, told = SPOILT[case]
    a.seal()
    b.seal()
    spoilt = (a if side == "a" else b).folder / path
    spoilt.unlink() if content is None else spoilt.write_text(content, encoding="utf-8")
    answer = script("verify.py", a.folder, b.folder)
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"relearn: {spoilt}") and told in line
    assert line.endswith(f"run git checkout {a.folder}" if side == "a" else "run make report")
    assert (answer.returncode, answer.stdout) == (2, "")


def script(name: str, *arguments: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "workflow/scripts" / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_says_what_differs_and_ends_with_status_1(a, b):
    a.seal()
    b.seal()
    answer = script("verify.py", a.folder, b.folder)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "equal to the byte"
    b.run("published", {"command": COMMAND}, w=[3.5])
    b.seal()
    answer = script("verify.py", a.folder, b.folder)
    assert answer.returncode == 1
    assert f"  {PUBLISHED} w: 3.25 → 3.5, further than rounding" in answer.stdout.splitlines()


def test_seeds_that_show_no_difference_say_what_they_could_have_shown(a, b):
    sensitive_in(a, {TUNED: {"w": 0.01}})
    flips = np.tile([0.3, -0.3], SEEDS // 2)
    b.run("tuned", {"command": COMMAND}, w=NOISE[0] + 3 + flips, **SAME_RATE)
    assert verified(a, b).findable == {SEEDS: findable(SEEDS, 1)}
    answer = script("verify.py", a.folder, b.folder)
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[-2:] == [
        "no difference that the seeds could show",
        "with a power of 80% they show a shift of the mean by 1.3 (10 seeds) standard deviations",
    ]


@pytest.mark.parametrize(("seeds", "shift"), [(64, 0.5), (26, 0.8), (17, 1.0)])
def test_what_is_findable_is_what_the_tables_of_power_say(seeds, shift):
    """Cohen (1988), table 2.4.1: so many in each sample for a power of 0.80 at 5 % two-sided."""
    assert findable(seeds, 1) == pytest.approx(shift, rel=0.02)


@pytest.mark.parametrize(("seeds", "tests"), [(2, 40), (5, 40), (400, 40)])
def test_what_is_findable_is_found_in_four_of_five_builds(seeds, tests):
    shift, trials = findable(seeds, tests), 2000
    draws = np.random.default_rng(3).normal(size=(trials, 2, seeds)) + [[0.0], [shift]]
    found = [
        differences.strangers(*map(differences.estimate, pair)) < 0.05 / tests for pair in draws
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.03)


OTHERS = {
    "another scale": (
        {"seed_base": 2, "command": COMMAND.replace("1 --", "1 --configfile config/smoke.yaml --")},
        "a is default scale, seed base 1; b is smoke scale, seed base 2: build the same",
    ),
    "another seed base": ({"seed_base": 2}, "b is default scale, seed base 2: build the same"),
    "another config": (
        {"params": {"seeds": SEEDS, "rate": 0.2}},
        "another config, linear_regression/tuned rate: 0.1 in the reference, 0.2 here",
    ),
    "other data": ({"data": "f00d"}, "is of other data: see datasets in the config"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_answers_another_question_is_one_line_and_status_2(a, b, case):
    changes, told = OTHERS[case]
    for variant, metrics in {
        "tuned": {"w": NOISE[0]} | SAME_RATE,
        "published": {"w": [3.25]},
    }.items():
        params = {} if variant == "tuned" else {"params": {"seeds": 1, "rate": 0.1}}
        b.run(variant, {"command": COMMAND} | changes | params, **metrics)
    a.seal()
    b.seal()
    answer = script("verify.py", a.folder, b.folder)
    (line,) = answer.stderr.splitlines()
    assert told in line.replace(f"{a.folder.parent}/", "")
    assert (answer.returncode, answer.stdout) == (2, "")


def test_another_threshold_is_another_question(a, b):
    changed = verdict("10a", "linear_regression", "It recovers the line.")
    changed["effect"] = changed["effect"] | {"threshold": 0.6}
    b.write("claims.json", [changed])
    with pytest.raises(OtherBuild, match="another question in claim 10a"):
        verified(a, b)


def test_a_missing_reference_is_one_line_and_status_2(b, tmp_path):
    answer = script("verify.py", tmp_path / "nothing", b.folder)
    assert answer.returncode == 2
    assert answer.stderr == (
        f"relearn: {tmp_path}/nothing: this checkout has none; "
        "check out a commit that has one, or make reference\n"
    )


def test_sensitive_is_what_a_build_with_other_rounding_changed(a, b):
    b.run("tuned", {"command": COMMAND}, w=(NOISE[0] + 3) * 1.01, **SAME_RATE)
    b.write("published.json", {"10.1": {"w": 3.25, "loss": [2.0, 1.0, 0.4]}})
    found = sensitive(Results.found(a.folder), Results.found(b.folder))
    assert found == {
        "runs": {TUNED: {"w": pytest.approx(0.01 / 1.01)}},
        "listings": {"10.1 loss": pytest.approx(0.2)},
    }


def build_in_mode(build: Build, mode: bool, **changes) -> None:
    facts = {"command": COMMAND, "experiment": "linear_regression"} | changes
    facts |= {"versions": {"numpy": "2.0.0"} | ({"instructions": "strict"} if mode else {})}
    build.run("tuned", facts | {"variant": "tuned"}, w=NOISE[0] + 3 + 0.01 * mode, **SAME_RATE)
    build.run("published", facts | {"variant": "published"}, w=[3.25])
    build.seal()


def test_a_reference_is_written_of_two_builds_and_verifies_the_first(a, b, tmp_path):
    build_in_mode(a, False)
    build_in_mode(b, True)
    (a.folder / SENSITIVE).unlink()
    target = tmp_path / "reference"
    answer = script("keep_reference.py", a.folder, b.folder, target)
    assert answer.returncode == 0, answer.stderr
    kept = sorted(str(path.relative_to(target)) for path in target.rglob("*.*"))
    assert kept == [
        *("claims.json", "manifest.sha256"),
        *(f"provenance/linear_regression/{each}.json" for each in ("published", "tuned")),
        "published.json",
        *(f"runs/linear_regression/{each}/scalars.csv" for each in ("published", "tuned")),
        "sensitive.json",
        "strict.sha256",
    ]
    assert list(json.loads((target / SENSITIVE).read_text())["runs"]) == [TUNED]
    assert "earth" not in (target / "provenance/linear_regression/tuned.json").read_text()
    assert script("verify.py", target, a.folder).returncode == 0
    answer = script("verify.py", target, b.folder)
    assert answer.returncode == 1  # moved in ten pairs
    assert "8 of 8 equal to the byte (strict mode)" in answer.stdout


REFUSED = {
    "changed files": ({"dirty": True}, False, "a is of changed files; commit them"),
    "two commits": ({"commit": "beef"}, False, "commits beef, c0ffeec0ffee: build both of one"),
    "two strict builds": ({}, True, "a is no build in normal mode: make clean report"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_reference_is_written_of_what_nobody_could_build_again(a, b, tmp_path, case):
    changes, mode, told = REFUSED[case]
    build_in_mode(a, mode, **changes)
    build_in_mode(b, True)
    answer = script("keep_reference.py", a.folder, b.folder, tmp_path / "reference")
    assert answer.returncode == 2
    assert told in answer.stderr
    assert not (tmp_path / "reference").exists()
