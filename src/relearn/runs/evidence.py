"""Turns effects into verdicts, by the rule that stands in the config before the first run.

Effects are signed so that positive favours the claim; delta is the smallest that would matter.
Supported: the 95 % interval over seeds lies above delta. Contradicted: below it. Else, or where
Holm's correction over every part of every claim takes it back: inconclusive. Facts of arithmetic
are exact, or they fail. A claim of several parts is as true as its weakest one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from relearn.errors import ConfigError

LEVEL = 0.95
STRENGTH = ("contradicted", "inconclusive", "supported", "exact")


def interval(values: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and two-sided 95 % t interval over seeds.

    `values` has shape (seeds, ...), in any unit; mean, low and high have the trailing shape.
    Seeds that all agree give an interval of no width. One seed gives NaN for low and high, no
    seed NaN throughout, and a value that is not finite spoils its own place only.
    """
    values = np.asarray(values, dtype=float)
    n = len(values)
    if n == 0:
        nothing = np.full(values.shape[1:], np.nan)
        return nothing, nothing, nothing
    with np.errstate(all="ignore"):
        # Rounding in the mean of equal values would pass for variance.
        mean = np.where(np.ptp(values, axis=0) == 0, values[0], values.mean(axis=0))
        error = np.sqrt(np.square(values - mean).sum(axis=0) / (n - 1) / n)
        half = special.stdtrit(n - 1, (1 + LEVEL) / 2) * error if n > 1 else np.nan
        return mean, mean - half, mean + half


def verdicts(
    claims: Mapping[str, Mapping[str, Any]],
    effects: Mapping[str, Mapping[str, ArrayLike]],
) -> list[dict[str, Any]]:
    """The list for `results/claims.json`, in the order of `claims`.

    `claims` maps an id to its block: section, claim, experiment, kind (mean, proportion or exact),
    effect, unit, threshold and, for a claim of several, parts: each names its condition and may
    override kind, effect, unit and threshold. `effects` maps the same ids to {part: one value a
    seed}, exactly the config's parts, or one under any name: paired differences for a mean, 0 or 1
    for a proportion, and for an exact fact a number that is at least its threshold where it holds,
    such as minus the largest absolute difference. Raises ConfigError where the two disagree.
    """
    if unknown := sorted(set(claims) ^ set(effects)):
        raise ConfigError(f"claims {', '.join(unknown)}: need a block in the config and an effect")
    parts = {name: _parts(name, claim, effects[name]) for name, claim in claims.items()}
    _correct([part for name in parts for part in parts[name] if part["kind"] != "exact"])
    return [_claim(name, claim, parts[name]) for name, claim in claims.items()]


def _parts(
    name: str, claim: Mapping[str, Any], effects: Mapping[str, ArrayLike]
) -> list[dict[str, Any]]:
    stated = claim.get("parts", {})
    if not stated and len(effects) == 1:
        (values,) = effects.values()
        return [_part(name, "", claim, values)]
    if set(stated) != set(effects) or not effects:
        raise ConfigError(
            f"claim {name}: parts in the config: {', '.join(stated) or 'none'}; its experiment "
            f"gave: {', '.join(effects) or 'none'}; they must be the same"
        )
    return [_part(name, part, {**claim, **own}, effects[part]) for part, own in stated.items()]


def _part(name: str, part: str, claim: Mapping[str, Any], values: ArrayLike) -> dict[str, Any]:
    """One part, judged by itself; `p` goes to Holm's correction and is not reported."""
    values, delta = np.asarray(values, dtype=float), float(claim["threshold"])
    where = f"claim {name}, {part}" if part else f"claim {name}"
    if values.ndim != 1:
        raise ConfigError(f"{where}: effects of shape {values.shape}; want 1-D")
    if claim["kind"] not in _ESTIMATES:
        raise ConfigError(f"{where}: kind {claim['kind']!r}; use {', '.join(_ESTIMATES)}")
    if claim["kind"] == "proportion" and not (
        0 <= delta <= 1 and np.isin(values[np.isfinite(values)], (0, 1)).all()
    ):
        raise ConfigError(f"{where}: a proportion needs 0 or 1, and a share")
    lost, estimate, low, high, p = np.sum(~np.isfinite(values)), None, None, None, 1.0
    verdict = "inconclusive"
    if lost:
        note = f"{lost} of {len(values)} seeds gave a value that is not finite."
    elif len(values) == 0:
        note = "There are no seeds."
    else:
        estimate, low, high, p = map(float, _ESTIMATES[claim["kind"]](values, delta))
        verdict, note = _judged(claim["kind"], low, high, delta)
    effect = {"name": claim["effect"], "unit": claim["unit"]}
    numbers = {"estimate": estimate, "low": low, "high": high, "threshold": delta}
    effect |= {key: _finite(value) for key, value in numbers.items()}
    return {
        "name": part,
        "condition": claim.get("condition", ""),
        "kind": claim["kind"],
        "verdict": verdict,
        "effect": effect,
        "seeds": len(values),
        "note": note,
        "p": p,
    }


def _mean(values: np.ndarray, delta: float) -> tuple[float, ...]:
    mean, low, high = interval(values)
    n = len(values)
    if n < 2:
        return mean, np.nan, np.nan, 1.0
    error = (high - mean) / special.stdtrit(n - 1, (1 + LEVEL) / 2)
    with np.errstate(all="ignore"):
        p = 2 * special.stdtr(n - 1, -abs(mean - delta) / error) if error else mean == delta
    return mean, low, high, p


def _proportion(values: np.ndarray, delta: float) -> tuple[float, ...]:
    from scipy import stats  # slow to import, and figures want only `interval`

    k, n = int(values.sum()), len(values)
    exact = stats.binomtest(k, n).proportion_ci(LEVEL, method="exact")
    sides = [stats.binomtest(k, n, delta, side).pvalue for side in ("greater", "less")]
    return k / n, exact.low, exact.high, min(1.0, 2 * min(sides))


def _exact(values: np.ndarray, delta: float) -> tuple[float, ...]:
    return (values.min(),) * 3 + (1.0,)


_ESTIMATES = {"mean": _mean, "proportion": _proportion, "exact": _exact}


def _judged(kind: str, low: float, high: float, delta: float) -> tuple[str, str]:
    if kind == "exact":
        if low >= delta:
            return "exact", "It holds in every seed."
        return "contradicted", "It does not hold in every seed."
    if not (np.isfinite(low) and np.isfinite(high)):
        return "inconclusive", "Too few seeds for an interval, or values too large for one."
    if low > delta:
        return "supported", "The whole interval lies above the threshold."
    if high >= delta:
        return "inconclusive", "The interval contains the threshold."
    if kind == "proportion":
        return "contradicted", "Too seldom: the whole interval lies below the threshold."
    if high < 0:
        return "contradicted", "The effect is reversed: its whole interval lies below zero."
    return "contradicted", "Too small to matter: the whole interval lies below the threshold."


def survive(p: Sequence[float]) -> np.ndarray:
    """Return which of the p-values stand after Holm's correction at 5 % over all of them."""
    from statsmodels.stats.multitest import multipletests

    p = [each if np.isfinite(each) else 1.0 for each in p]
    return multipletests(p, alpha=1 - LEVEL, method="holm")[0] if p else np.array([], dtype=bool)


def _correct(parts: list[dict[str, Any]]) -> None:
    """Holm over all parts that are not exact, the inconclusive ones included."""
    survives = survive([part["p"] for part in parts])
    for part, stands in zip(parts, survives, strict=True):
        if part["verdict"] != "inconclusive" and not stands:
            where = "above" if part["verdict"] == "supported" else "below"
            part["verdict"] = "inconclusive"
            part["note"] = (
                f"The interval lies {where} the threshold, but this did not survive Holm's "
                f"correction over {len(parts)} tests."
            )


def _claim(name: str, claim: Mapping[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any]:
    shown = [{key: value for key, value in part.items() if key != "p"} for part in parts]
    weakest = min(shown, key=_strength)
    note = weakest["note"]
    if len(parts) > 1:
        counts = Counter(part["verdict"] for part in parts)
        told = ", ".join(f"{counts[each]} {each}" for each in reversed(STRENGTH) if counts[each])
        note = f"{len(parts)} parts: {told}. The weakest, {weakest['condition']}, decides: {note}"
    return {
        "id": name,
        **{key: claim[key] for key in ("section", "claim", "experiment")},
        **{key: weakest[key] for key in ("kind", "verdict", "effect", "seeds")},
        "note": note,
        "weakest": weakest["name"],
        "conditions": shown if len(parts) > 1 else [],
    }


def _strength(part: dict[str, Any]) -> tuple[int, float]:
    """Rank by verdict, then by the distance to the threshold in half-widths of the interval.

    Parts have units of their own, so a plain difference would compare seconds with shares.
    """
    effect = part["effect"]
    estimate, low, high = (effect[key] for key in ("estimate", "low", "high"))
    margin = -np.inf
    if estimate is not None:
        margin = estimate - effect["threshold"]
        if margin and low is not None and part["kind"] != "exact":
            # Where every seed gave the same value, a cap did: it says least about the claim.
            margin = 2 * margin / (high - low) if high > low else np.inf
    return STRENGTH.index(part["verdict"]), margin


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
