"""How numbers are written: a real minus sign, real superscripts, never "nan"."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from relearn.errors import RelearnError

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NONE = "–"
SPACE = "\N{NO-BREAK SPACE}"  # a number does not break over a line


def finite(value: Any) -> float:
    """Return `value` as a float.

    Raises:
        RelearnError: it is no number, or not a finite one.
    """
    if value is None or isinstance(value, str | bool | list | Mapping):
        raise RelearnError(f"{value!r} is not a number; name one value")
    number = float(value)
    if not math.isfinite(number):
        raise RelearnError(f"{number} is not finite; say in words what happened")
    return number


def fixed(value: Any, digits: int) -> str:
    """Return 3.14159 as "3.14" for two digits; a statistic gives its mean."""
    text = f"{finite(value):.{digits}f}"
    return _minus(text if text.strip("-0.") else text.lstrip("-"))


def sci(value: Any, digits: int = 1) -> str:
    """Return 0.0000123 as "1.2 × 10⁻⁵"; a statistic gives its mean."""
    number = finite(value)
    if number == 0:
        return "0"
    mantissa, exponent = f"{number:.{digits}e}".split("e")
    power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return f"{_minus(mantissa)}{SPACE}×{SPACE}{power}"


def thousands(value: Any, digits: int = 0) -> str:
    """Return 60000 as "60,000"."""
    return _minus(f"{finite(value):,.{digits}f}")


def three(value: Any) -> str:
    """Return a measurement with three significant digits: 0.04388 as "0.0439", 1805.2 as "1810"."""
    number = finite(value)
    return plain(float(f"{number:.3g}"))


def ci(value: Any, digits: int) -> str:
    """Return a statistic, or a claim's effect, as "97.52 [97.45, 97.59]"."""
    if isinstance(value, Mapping):
        mean, low, high = (value[key] for key in ("estimate", "low", "high"))
    else:
        mean, low, high = value.mean, value.low, value.high
    return f"{fixed(mean, digits)} [{fixed(low, digits)}, {fixed(high, digits)}]"


def plain(value: float | None) -> str:
    """Return a number that a person chose, such as a threshold, with the digits that it has."""
    if value is None:
        return NONE
    number = finite(value)
    if number and not 1e-4 <= abs(number) < 1e6:
        mantissa = f"{number:.12e}".split("e")[0]
        digits = len(mantissa.rstrip("0").partition(".")[2])
        return sci(number, digits)
    return _minus(f"{number or 0.0:.12g}")  # `or` turns a negative zero into a plain one


def effect(effect: Mapping[str, Any], exact: bool = False) -> tuple[str, str]:
    """Return an effect's estimate and its interval, rounded to what the interval can tell.

    The interval's half-width keeps one digit, or two where it begins with 1 or 2. The interval is
    empty where there is none: one seed, or (`exact`) a fact of arithmetic.
    """
    estimate, low, high = (effect[key] for key in ("estimate", "low", "high"))
    if estimate is None:
        return NONE, ""
    if exact or low is None or high is None:
        return plain(float(f"{estimate:.{1 if exact else 3}e}")), ""
    numbers = [estimate, low, high]
    size = max(map(abs, numbers)) or 1.0
    spread = max(estimate - low, high - estimate) or size / 100
    if 1e-3 <= size < 1e6:
        digits = min(6, max(0, -math.floor(math.log10(spread / 3))))
        texts = [fixed(number, digits) for number in numbers]
    else:
        digits = min(6, max(1, -math.floor(math.log10(spread / 3 / size))))
        texts = [sci(number, digits) for number in numbers]
    return texts[0], f"[{texts[1]}, {texts[2]}]"


def duration(seconds: float) -> str:
    """Return a time as a person says it: "0.4 s", "3 min 20 s", "2 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int) -> str:
    """Return a number of bytes as "260 kB", at least one."""
    return f"{max(1, round(count / 1000)):,} kB"


def _minus(text: str) -> str:
    return text.replace("-", "−")


def linked(write: Callable[..., str]) -> Callable[..., str]:
    """Return a way of writing numbers that makes them Markdown links to their sources."""

    def written(value: Any, *digits: int) -> str:
        text = write(value, *digits)
        if isinstance(value, Mapping):
            value = value["estimate"]
        source = getattr(value, "source", None)
        return f'[{text}](#{source.anchor} "{source.name}")' if source else text

    return written


FILTERS = {write.__name__: linked(write) for write in (fixed, sci, thousands, ci)}
