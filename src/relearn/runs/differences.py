"""Tells what moved between two builds, A and B, from what the noise of seeds may explain.

A seed's draws depend on the seed base, its experiment and its number only, so of one number in two
builds there are

- the same seeds (one seed base): compared in pairs, over the seeds that both have. With the same
  code, config and data every value should be equal to the byte; what is not, the machine or other
  versions made. A change of code or config may deal the draws anew: then the two values of a pair
  are strangers, and the interval over the differences holds for them too.
- other seeds: two independent samples, compared by Welch's interval for the difference of means.

The rule is that of `evidence`, with zero for a threshold: a number moved if B − A is not zero by a
two-sided test at 5 % and this survives Holm's correction over all comparisons of the two builds.
Else noise may explain it, which says less the fewer the seeds are. Pairs that all agree to 10⁻⁹ of
themselves, or are all below 10⁻⁹ because they are the rest of a difference that is nil in theory,
differ by rounding. Nothing can be told from one seed, from a value that is not finite or
that squaring takes out of a float's range, and from a number, not 0 or 1, that is the same in every
seed of each build: there is no noise to compare with, and it may be one draw, such as a rate that
was tuned once for all seeds. What depends on such a draw has noise that the spread over seeds does
not show: with other seeds it may seem to move.

The test is the one of the interval, but values of 0 and 1 have exact ones: Fisher's, and McNemar's
for pairs. No other p is taken for less than what the number of seeds can show: if results come in
two clumps (a setting is chosen, or another), n seeds fall all into one and m seeds all into the
other with a probability of up to 2 nⁿ mᵐ / (n + m)ⁿ⁺ᵐ, 2 / 4ⁿ for as many or for n pairs, and the
t test, which sees hardly any spread then, would be sure. Pairs that all differ by the same get just
that p. For the same reason the p of Welch's test is not taken for less than that of Student's: of
four seeds that happen to agree among four hundred that do not, Welch's would believe that they have
no noise. For as many seeds it changes nothing.

The effects of claims are kept without their seeds: they are compared as independent, which over the
same seeds calls too much noise, never too little. This and 2 / 4ⁿ for pairs hold unless A and B are
negatively related over seeds: if a seed that is high in A tends to be low in B, both are too sure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from relearn.runs.evidence import LEVEL, interval, survive

ROUNDING = 1e-9
OUTCOMES = ("equal", "rounding", "noise", "moved", "untold")


class Estimate(NamedTuple):
    """A mean over `n` seeds with its 95 % t interval, as `evidence.interval` gives it."""

    mean: float
    low: float
    high: float
    n: int


class Difference(NamedTuple):
    """B − A with its 95 % interval, in the values' unit, and the p of no difference.

    `least` is the least p that so many seeds can give. `outcome` is known where it needs no test:
    equal, rounding or untold; else it is empty.
    """

    estimate: float
    low: float
    high: float
    p: float
    least: float = 1.0
    outcome: str = ""


EQUAL = Difference(0.0, 0.0, 0.0, 1.0, outcome="equal")
UNTOLD = Difference(np.nan, np.nan, np.nan, 1.0, outcome="untold")


def estimate(values: ArrayLike) -> Estimate:
    """Return the estimate from one value a seed, shape (seeds,)."""
    return Estimate(*map(float, interval(values)), len(np.asarray(values)))


def independent(a: ArrayLike, b: ArrayLike) -> Difference:
    """Compare one value a seed of A, shape (n,), with those of other seeds of B, shape (m,)."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if np.array_equal(a, b, equal_nan=True):
        return EQUAL
    if _zeros_and_ones(a, b):
        return proportions((int(a.sum()), len(a)), (int(b.sum()), len(b)))
    return welch(estimate(a), estimate(b))


def proportions(a: tuple[int, int], b: tuple[int, int]) -> Difference:
    """Compare two shares, each given as how many of how many seeds; seeds must be independent."""
    found = welch(*(estimate(np.arange(n) < k) for k, n in (a, b)))
    if found.outcome == "equal" or min(a[1], b[1]) < 2:
        return found
    tables = [[k, n - k] for k, n in (a, b)], [[0, a[1]], [b[1], 0]]
    p, least = (float(stats.fisher_exact(table).pvalue) for table in tables)
    return found._replace(p=p, least=least, outcome="")


def paired(a: ArrayLike, b: ArrayLike) -> Difference:
    """Compare the values of A and B for the same seeds in the same order, both of shape (n,)."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if np.array_equal(a, b, equal_nan=True):
        return EQUAL
    with np.errstate(invalid="ignore"):
        gains = b - a
    found = welch(Estimate(0.0, 0.0, 0.0, len(gains)), estimate(gains))
    if rounded(a, b).all():
        return found._replace(outcome="rounding")
    if len(gains) > 1 and _zeros_and_ones(a, b):
        gained, changed = int(np.sum(gains > 0)), int(np.sum(gains != 0))
        p = float(stats.binomtest(gained, changed).pvalue)
        return found._replace(p=p, least=2 * 0.5 ** len(gains), outcome="")
    shift = found.estimate
    if np.isfinite(shift) and np.ptp(a) and np.allclose(gains, shift, rtol=ROUNDING, atol=0.0):
        p = _clumps(len(gains), len(gains))
        return Difference(shift, shift, shift, p, p)
    return found


def rounded(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Tell, value by value, whether rounding alone may part them; arrays of one shape."""
    close = np.isclose(a, b, rtol=ROUNDING, atol=0.0, equal_nan=True)
    return close | (np.maximum(np.abs(a), np.abs(b)) < ROUNDING)


def strangers(a: Estimate, b: Estimate) -> float:
    """Return the p of Student's test, as if each build had other seeds with one deviation."""
    errors = np.array([_error(a), _error(b)])
    with np.errstate(all="ignore"):
        return _pooled(b.mean - a.mean, errors, np.array([a.n, b.n]))


def deviation(of: Estimate) -> float:
    """Return the standard deviation over seeds that an interval was made of; NaN for one seed."""
    return _error(of) * np.sqrt(of.n)


def welch(a: Estimate, b: Estimate) -> Difference:
    """Return the difference of two independent means; a mean without error stands for a number."""
    with np.errstate(all="ignore"):
        difference, errors = b.mean - a.mean, np.array([_error(a), _error(b)])
        error = np.hypot(*errors)
        if not np.isfinite([difference, error]).all():
            return UNTOLD._replace(estimate=difference)
        if error == 0:
            return EQUAL if difference == 0 else UNTOLD._replace(estimate=difference)
        freedom = 1 / np.sum((errors / error) ** 4 / (np.array([a.n, b.n]) - 1))
        half = float(special.stdtrit(freedom, (1 + LEVEL) / 2) * error)
        p = 2 * special.stdtr(freedom, -abs(difference) / error)
        p = max(float(p), _clumps(a.n, b.n), _pooled(difference, errors, np.array([a.n, b.n])))
    return Difference(difference, difference - half, difference + half, p, _clumps(a.n, b.n))


def outcomes(differences: Sequence[Difference]) -> list[str]:
    """Return for each difference one of OUTCOMES, after Holm's correction over those tested."""
    stands = iter(survive([each.p for each in differences if not each.outcome]))
    return [each.outcome or ("moved" if next(stands) else "noise") for each in differences]


def _error(of: Estimate) -> float:
    """Return the standard error that an interval was made of; NaN for one seed."""
    return (of.high - of.mean) / special.stdtrit(of.n - 1, (1 + LEVEL) / 2)


def _zeros_and_ones(*samples: np.ndarray) -> bool:
    return all(np.isin(sample, (0.0, 1.0)).all() for sample in samples)


def _pooled(difference: float, errors: np.ndarray, seeds: np.ndarray) -> float:
    """Return the p of Student's test, with one deviation for both builds."""
    freedom = seeds.sum() - 2
    variance = np.sum(errors**2 * seeds * (seeds - 1)) / freedom
    error = np.sqrt(variance * np.sum(1 / seeds))
    return float(2 * special.stdtr(freedom, -abs(difference) / error))


def _clumps(n: int, m: int) -> float:
    shares = np.array([n, m]) / (n + m)
    return float(2 * np.prod(shares ** (n, m)))
