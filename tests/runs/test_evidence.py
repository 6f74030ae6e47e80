"""Verdicts against closed forms, and the error rates of the judge where the effect is delta."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from relearn.errors import ConfigError
from relearn.runs.evidence import interval, verdicts

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("quick_holm")]


def block(kind="mean", threshold=0.0) -> dict:
    return {
        "section": 7,
        "claim": "more helps",
        "experiment": "helping",
        "kind": kind,
        "effect": "gain",
        "unit": "points",
        "threshold": threshold,
        "reason": "less would not be seen",
    }


def judge(values, kind="mean", threshold=0.0) -> dict:
    return verdicts({"1a": block(kind, threshold)}, {"1a": {"all": values}})[0]


def judge_parts(parts: dict, kind="mean", threshold=0.0) -> dict:
    stated = {"parts": {name: {"condition": f"the {name}"} for name in parts}}
    return verdicts({"1a": block(kind, threshold) | stated}, {"1a": parts})[0]


def pair(p: float, sign: int = 1) -> list[float]:
    """Two seeds whose two-sided p against 0 is `p`: t = 1/h has one degree of freedom (Cauchy)."""
    t = math.tan(math.pi / 2 * (1 - p))
    return [sign * (1 - 1 / t), sign * (1 + 1 / t)]


class TestMean:
    def test_the_interval_by_hand(self):
        # mean 3, s² = 2.5, standard error √(2.5/5); t(0.975, 4) = 2.776445 from the tables
        mean, low, high = interval([1, 2, 3, 4, 5])
        assert mean == 3
        assert [low, high] == pytest.approx([3 - 1.963243, 3 + 1.963243], abs=1e-6)

    def test_the_interval_of_a_curve_is_the_interval_at_each_point(self):
        values = np.random.default_rng(1).normal(size=(6, 2, 3))
        mean, low, high = interval(values)
        assert mean.shape == low.shape == high.shape == (2, 3)
        expected = stats.ttest_1samp(values[:, 1, 2], 0).confidence_interval(0.95)
        assert (low[1, 2], high[1, 2]) == pytest.approx((expected.low, expected.high))

    def test_one_value_that_is_not_finite_spoils_only_its_place(self):
        mean, low, high = interval([[1, 1], [np.inf, 2]])
        assert np.isnan(low[0]) and np.isnan(high[0])
        assert (mean[1], low[1], high[1]) == pytest.approx((1.5, -4.853102, 7.853102), abs=1e-6)

    def test_the_claim_has_the_published_fields(self):
        assert judge([1, 2, 3, 4, 5], threshold=1.0) == {
            "id": "1a",
            "section": 7,
            "claim": "more helps",
            "experiment": "helping",
            "kind": "mean",
            "verdict": "supported",
            "effect": {
                "name": "gain",
                "unit": "points",
                "estimate": 3.0,
                "low": pytest.approx(1.036757, abs=1e-6),
                "high": pytest.approx(4.963243, abs=1e-6),
                "threshold": 1.0,
            },
            "seeds": 5,
            "note": "The whole interval lies above the threshold.",
            "weakest": "",
            "conditions": [],
        }

    @pytest.mark.parametrize(
        "threshold, verdict, note",
        [
            (1.03, "supported", "above the threshold"),
            (1.04, "inconclusive", "contains the threshold"),
            (4.96, "inconclusive", "contains the threshold"),
            (4.97, "contradicted", "Too small to matter"),
        ],
    )
    def test_the_threshold_decides(self, threshold, verdict, note):
        found = judge([1, 2, 3, 4, 5], threshold=threshold)
        assert found["verdict"] == verdict and note in found["note"]

    def test_a_reversed_effect_is_called_reversed(self):
        found = judge([-1, -2, -3, -4, -5], threshold=0.5)
        assert found["verdict"] == "contradicted" and "reversed" in found["note"]

    @pytest.mark.parametrize("threshold", [-1.0, 0.0, 2.9, 4.0])
    def test_verdict_and_p_value_agree_with_scipy(self, threshold):
        values = np.random.default_rng(2).normal(3, 1, size=8)
        p = stats.ttest_1samp(values, threshold).pvalue
        assert (judge(values, threshold=threshold)["verdict"] == "inconclusive") == (p > 0.05)


class TestProportion:
    @pytest.mark.parametrize("k, n", [(0, 20), (3, 20), (20, 20), (150, 200)])
    def test_clopper_pearson_by_the_beta_distribution(self, k, n):
        effect = judge([1] * k + [0] * (n - k), "proportion", 0.5)["effect"]
        low = stats.beta.ppf(0.025, k, n - k + 1) if k else 0
        high = stats.beta.ppf(0.975, k + 1, n - k) if k < n else 1
        assert (effect["estimate"], effect["low"], effect["high"]) == pytest.approx(
            (k / n, low, high), abs=1e-9
        )

    @pytest.mark.parametrize(
        "k, verdict", [(0, "contradicted"), (5, "inconclusive"), (10, "supported")]
    )
    def test_ten_replicates_against_one_half(self, k, verdict):
        # 0 of 10 and 10 of 10 have p = 2 / 1024
        assert judge([1] * k + [0] * (10 - k), "proportion", 0.5)["verdict"] == verdict

    def test_truth_values_count_as_zero_and_one(self):
        assert judge(np.ones(50, dtype=bool), "proportion", 0.9)["effect"]["estimate"] == 1.0

    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_a_threshold_at_the_edge_never_clears(self, share):
        assert judge([int(share)] * 100, "proportion", share)["verdict"] == "inconclusive"


class TestExact:
    def test_passes_within_the_tolerance_and_reports_its_worst_seed(self):
        found = judge([0.0, -1e-13, -1e-12], "exact", -1e-12)
        assert found["verdict"] == "exact"
        numbers = [found["effect"][key] for key in ("estimate", "low", "high", "threshold")]
        assert numbers == [-1e-12] * 4

    def test_one_seed_is_enough_to_fail(self):
        found = judge([0.0, 0.0, -2e-12], "exact", -1e-12)
        assert found["verdict"] == "contradicted" and "does not hold" in found["note"]


class TestHolm:
    def test_pairs_have_the_p_value_they_were_made_for(self):
        for p in (0.01, 0.03, 0.04):
            assert stats.ttest_1samp(pair(p), 0).pvalue == pytest.approx(p)

    def test_a_worked_example(self):
        # 0.01 < 0.05/3, but 0.03 > 0.05/2: it stops there, and 0.04 < 0.05/1 is not asked
        claims = {name: block() for name in ("a", "b", "c")}
        effects = {"a": {"all": pair(0.04)}, "b": {"all": pair(0.01)}, "c": {"all": pair(0.03, -1)}}
        found = verdicts(claims, effects)
        assert [each["id"] for each in found] == ["a", "b", "c"]
        assert [each["verdict"] for each in found] == ["inconclusive", "supported", "inconclusive"]
        assert found[0]["note"] == (
            "The interval lies above the threshold, but this did not survive Holm's correction "
            "over 3 tests."
        )
        assert "below the threshold" in found[2]["note"]

    def test_it_is_more_than_bonferroni(self):
        # 0.01 < 0.05/3, 0.02 < 0.05/2, 0.03 < 0.05/1
        parts = {"x": pair(0.03), "y": pair(0.02), "z": pair(0.01)}
        assert judge_parts(parts)["verdict"] == "supported"

    def test_a_proportion_enters_with_its_two_sided_p(self):
        # 9 of 10 against one half: one-sided 11/1024 < 0.05/3 < two-sided 22/1024
        parts = {"nine": [1] * 9 + [0], "five": [1, 0] * 5, "four": [1] * 4 + [0] * 6}
        found = judge_parts(parts, "proportion", 0.5)["conditions"][0]
        assert found["verdict"] == "inconclusive" and "Holm" in found["note"]

    def test_every_part_of_every_claim_counts(self):
        stated = {"parts": {"one": {"condition": "1"}, "two": {"condition": "2"}}}
        claims = {"a": block(), "b": block() | stated}
        others = {"one": pair(0.5), "two": pair(0.6)}
        assert judge(pair(0.02))["verdict"] == "supported"
        found = verdicts(claims, {"a": {"all": pair(0.02)}, "b": others})
        assert found[0]["verdict"] == "inconclusive"

    def test_parts_without_an_answer_count_too(self):
        parts = {"answer": pair(0.02), "one seed": [1.0], "lost": [1.0, math.nan]}
        assert judge_parts(parts)["conditions"][0]["verdict"] == "inconclusive"

    def test_exact_parts_do_not_count(self):
        claims = {"a": block(), "b": block("exact"), "c": block("exact")}
        found = verdicts(claims, {"a": {"all": pair(0.04)}, "b": {"x": [0.0]}, "c": {"x": [0.0]}})
        assert found[0]["verdict"] == "supported"

    def test_nothing_but_exact_parts(self):
        assert judge([0.0], "exact")["verdict"] == "exact"
        assert verdicts({}, {}) == []


class TestCompound:
    STRONG, FLAT, REVERSED = [9.0, 10.0, 11.0], [-1.0, 0.0, 1.1], [-9.0, -10.0, -11.0]

    @pytest.mark.parametrize(
        "parts, verdict, decides",
        [
            ({"x": STRONG, "y": [8.0, 9.0, 10.0]}, "supported", "y"),
            ({"x": FLAT, "y": STRONG}, "inconclusive", "x"),
            ({"x": STRONG, "y": FLAT, "z": REVERSED}, "contradicted", "z"),
            ({"x": FLAT, "y": [1.0]}, "inconclusive", "x"),
            ({"x": FLAT, "y": [math.nan] * 3}, "inconclusive", "y"),
        ],
    )
    def test_the_weakest_part_decides(self, parts, verdict, decides):
        found = judge_parts(parts)
        part = next(each for each in found["conditions"] if each["name"] == decides)
        assert found["verdict"] == part["verdict"] == verdict
        assert found["effect"] == part["effect"] and found["seeds"] == part["seeds"]
        assert found["weakest"] == decides
        assert f" The weakest, the {decides}, decides: {part['note']}" in found["note"]
        assert [each["condition"] for each in found["conditions"]] == [f"the {p}" for p in parts]
        assert set(part) == {"name", "condition", "kind", "verdict", "effect", "seeds", "note"}

    def test_the_note_counts_the_parts(self):
        found = judge_parts({"x": self.STRONG, "y": self.FLAT, "z": self.STRONG})
        assert found["note"] == (
            "3 parts: 2 supported, 1 inconclusive. The weakest, the y, decides: "
            "The interval contains the threshold."
        )

    def test_a_part_may_have_a_kind_and_a_threshold_of_its_own(self):
        parts = {
            "identity": {"condition": "by hand", "kind": "exact", "threshold": -1e-9},
            "share": {
                "condition": "often",
                "kind": "proportion",
                "threshold": 0.9,
                "unit": "share",
            },
            "gain": {"condition": "much", "effect": "more"},
        }
        effects = {"identity": [-1e-12], "share": [1] * 300, "gain": self.STRONG}
        found = verdicts({"1a": block() | {"parts": parts}}, {"1a": effects})[0]
        assert [each["verdict"] for each in found["conditions"]] == ["exact", *["supported"] * 2]
        assert [each["kind"] for each in found["conditions"]] == ["exact", "proportion", "mean"]
        assert [each["effect"]["unit"] for each in found["conditions"]] == [
            "points",
            "share",
            "points",
        ]
        # Of the two that are not exact, the share is 16 half-widths from its threshold, the mean 4.
        assert (found["verdict"], found["kind"]) == ("supported", "mean")

    @pytest.mark.parametrize(
        "capped, verdict", [([0.0] * 4, "contradicted"), ([9.0] * 4, "supported")]
    )
    def test_a_part_whose_seeds_all_agree_decides_last(self, capped, verdict):
        spread = [capped[0] - 0.2, capped[0] - 0.1, capped[0] + 0.1, capped[0] + 0.2]
        found = judge_parts({"x": capped, "y": spread, "z": capped}, "mean", 5.0)
        assert (found["verdict"], found["weakest"]) == (verdict, "y")

    def test_one_failed_part_of_an_exact_claim_decides(self):
        found = judge_parts({"x": [0.0], "y": [-1.0], "z": [0.0]}, "exact", -0.5)
        assert (found["verdict"], found["effect"]["estimate"]) == ("contradicted", -1.0)


class TestDegenerate:
    @pytest.mark.parametrize(
        "threshold, verdict", [(0.05, "supported"), (0.1, "inconclusive"), (0.2, "contradicted")]
    )
    def test_equal_seeds_give_an_interval_of_no_width(self, threshold, verdict):
        found = judge([0.1] * 7, threshold=threshold)
        assert [found["effect"][key] for key in ("estimate", "low", "high")] == [0.1] * 3
        assert found["verdict"] == verdict

    def test_one_seed_is_too_few(self):
        found = judge([100.0])
        assert found["verdict"] == "inconclusive" and "Too few seeds" in found["note"]
        assert (found["effect"]["estimate"], found["effect"]["low"]) == (100.0, None)

    @pytest.mark.parametrize("kind", ["mean", "proportion", "exact"])
    def test_no_seeds(self, kind):
        found = judge([], kind)
        assert (found["verdict"], found["seeds"]) == ("inconclusive", 0)

    @pytest.mark.parametrize("kind", ["mean", "proportion", "exact"])
    def test_lost_seeds_are_named_and_never_dropped(self, kind):
        found = judge([1.0, 1.0, math.nan, math.inf, None, 1.0, 1.0], kind, 0.5)
        assert (found["verdict"], found["seeds"]) == ("inconclusive", 7)
        assert found["note"] == "3 of 7 seeds gave a value that is not finite."
        assert found["effect"]["estimate"] is None

    def test_the_output_is_strict_json(self):
        parts = {"one": [1.0], "lost": [math.inf, 1.0], "huge": [1e308, -1e308], "none": []}
        json.dumps(judge_parts(parts | {"plain": np.float32([1, 2])}), allow_nan=False)
        json.dumps(judge(np.array([0, 1]), "proportion"), allow_nan=False)

    @pytest.mark.parametrize(
        "claims, effects, message",
        [
            ({"1a": block()}, {}, "1a"),
            ({}, {"1b": {"all": [1.0]}}, "1b"),
            ({"1a": block()}, {"1a": {}}, "none"),
            ({"1a": block()}, {"1a": {"x": [1.0], "y": [1.0]}}, "must be the same"),
            ({"1a": block() | {"parts": {"x": {}, "y": {}}}}, {"1a": {"x": [1.0]}}, "x, y"),
            ({"1a": block("median")}, {"1a": {"all": [1.0]}}, "claim 1a: kind 'median'"),
            (
                {"1a": block() | {"parts": {"x": {}, "y": {"kind": "median"}}}},
                {"1a": {"x": [1.0], "y": [1.0]}},
                "claim 1a, y: kind 'median'",
            ),
            ({"1a": block()}, {"1a": {"all": [[1.0]]}}, "1-D"),
            ({"1a": block("proportion")}, {"1a": {"all": [0.5]}}, "0 or 1"),
            ({"1a": block("proportion", 60)}, {"1a": {"all": [1]}}, "share"),
        ],
    )
    def test_claims_and_effects_that_disagree_are_one_line(self, claims, effects, message):
        with pytest.raises(ConfigError, match=message) as error:
            verdicts(claims, effects)
        assert "\n" not in str(error.value)


def rates(values: np.ndarray, delta: float) -> tuple[int, int]:
    """How many columns of (seeds, repeats) come out supported and contradicted, judged alone."""
    _, low, high = interval(values)
    return int(np.sum(low > delta)), int(np.sum(high < delta))


def draw(shape: str, n: int, repeats: int, generator: np.random.Generator) -> np.ndarray:
    """Effects of mean 0: normal, or the difference of two arms of that shape."""
    if shape == "normal":
        return generator.normal(size=(n, repeats))
    first, second = generator.gamma(4, size=(2, n, repeats))
    return {"paired gamma": first - second, "gamma": first - 4}[shape]


class TestErrorRates:
    """Each wrong verdict at delta may come 2.5 % of the time; Monte Carlo adds its own error:

    a count over R repeats passes up to the 1 - 1e-4 quantile of Binomial(R, 0.025).
    """

    REPEATS = 20_000
    MOST = int(stats.binom.ppf(1 - 1e-4, REPEATS, 0.025))

    @pytest.mark.parametrize("shape", ["normal", "paired gamma"])
    @pytest.mark.parametrize("n", [3, 5, 10, 20])
    def test_a_mean_at_delta(self, shape, n):
        values = draw(shape, n, self.REPEATS, np.random.default_rng(n)) + 0.3
        supported, contradicted = rates(values, 0.3)
        assert supported <= self.MOST and contradicted <= self.MOST

    def test_skewness_that_pairing_does_not_cancel_costs_one_side(self):
        # Skewness 1 at n = 10: the t interval errs 1 % above and 5 % below. A known limit of the
        # rule for one claim alone: mirrored, 5 % would be supported. Holm's correction mends it.
        values = draw("gamma", 10, self.REPEATS, np.random.default_rng(10))
        supported, contradicted = rates(values, 0.0)
        assert supported < 0.015 * self.REPEATS
        assert 0.04 * self.REPEATS < contradicted < 0.07 * self.REPEATS

    def test_skewness_among_twenty_claims_is_within_the_rule(self):
        values = draw("gamma", 10, 20 * 300, np.random.default_rng(20)).T.reshape(300, 20, 10)
        claims = {str(part): block() for part in range(20)}
        found = [
            each["verdict"]
            for family in values
            for each in verdicts(claims, {name: {"all": family[int(name)]} for name in claims})
        ]
        most = stats.binom.ppf(1 - 1e-4, len(found), 0.025)
        assert found.count("supported") <= most and found.count("contradicted") <= most

    def test_the_whole_judge_at_delta_and_with_a_family_of_ten(self):
        # Holm bounds the chance of any wrong verdict among the ten by 5 %.
        values = np.random.default_rng(30).normal(size=(1000, 10, 10)) + 0.3
        claims = {str(part): block(threshold=0.3) for part in range(10)}
        wrong = 0
        for family in values:
            effects = {name: {"all": family[int(name)]} for name in claims}
            wrong += any(each["verdict"] != "inconclusive" for each in verdicts(claims, effects))
        assert wrong <= stats.binom.ppf(1 - 1e-4, 1000, 0.05)

    @pytest.mark.parametrize("delta", [0.05, 0.5, 0.9, 0.99])
    @pytest.mark.parametrize("n", [10, 200])
    def test_a_proportion_at_delta(self, delta, n):
        # No Monte Carlo: every count has its verdict, weighed by its binomial probability.
        chance = {"supported": 0.0, "contradicted": 0.0, "inconclusive": 0.0}
        for k in range(n + 1):
            verdict = judge([1] * k + [0] * (n - k), "proportion", delta)["verdict"]
            chance[verdict] += stats.binom.pmf(k, n, delta)
        assert chance["supported"] <= 0.025 and chance["contradicted"] <= 0.025

    def test_a_real_effect_is_found_even_among_forty_claims(self):
        # Ten seeds, effect two standard deviations over delta; the other claims sit at delta.
        generator, claims = np.random.default_rng(40), {str(part): block() for part in range(40)}
        found = []
        for _ in range(100):
            values = generator.normal(size=(40, 10))
            values[0] += 2
            values[1] -= 2
            effects = {name: {"all": values[int(name)]} for name in claims}
            found.append([each["verdict"] for each in verdicts(claims, effects)[:2]])
        supported, contradicted = zip(*found, strict=True)
        assert supported.count("supported") >= 85 and contradicted.count("contradicted") >= 85

    def test_a_real_share_is_found(self):
        k = stats.binom.rvs(200, 0.97, size=200, random_state=np.random.default_rng(50))
        found = [judge([1] * each + [0] * (200 - each), "proportion", 0.9)["verdict"] for each in k]
        assert found.count("supported") >= 180

    def test_few_seeds_are_inconclusive(self):
        # An effect of one standard deviation and three seeds: mostly no verdict, rarely a wrong one
        values = np.random.default_rng(60).normal(1, 1, size=(3, self.REPEATS))
        supported, contradicted = rates(values, 0.0)
        assert supported < 0.35 * self.REPEATS
        assert contradicted <= self.MOST
