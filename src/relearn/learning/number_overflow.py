"""Repeated products that outgrow a number format, and what each kind of arithmetic does then.

Numbers: `g` is the gain of a layer, the factor by which it multiplies the size of a signal.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import torch

FORMATS = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


def depth_bounds(gain: float, name: str) -> tuple[int, int, int]:
    """Return the deepest finite power of `gain`, and the least and most that rounding allows.

    The first is ⌊ln max / ln g⌋, g being the gain as the format holds it. Each product is rounded
    to nearest, by at most u of its size (Higham, Accuracy and Stability of Numerical Algorithms,
    2002, theorem 2.2), so that k of them lie within gᵏ (1 ± u)ᵏ, and become infinite from half a
    last place above max on. Powers of two are not rounded.

    Raises:
        ValueError: the gain is at most 1, where nothing grows.
    """
    held = torch.tensor(gain, dtype=FORMATS[name]).item()
    if held <= 1:
        raise ValueError(f"gain {gain}: take more than 1")
    info = torch.finfo(FORMATS[name])
    with localcontext(prec=60):  # float64's max is 2¹⁰²⁴ less one part in 10¹⁶
        u = Decimal(info.eps) / 2
        most, factor = Decimal(info.max), Decimal(held)
        rounding = Decimal(0) if math.log2(held).is_integer() else u

        def deepest(limit: Decimal, each: Decimal) -> int:
            return int(limit.ln() / each.ln())

        return (
            deepest(most, factor),
            deepest(most, factor * (1 + rounding)),
            deepest(most * (1 + u), factor * (1 - rounding)),
        )


def orthogonal_layers(
    count: int, width: int, permuted: bool, generator: np.random.Generator
) -> np.ndarray:
    """Return orthogonal matrices (count, width, width), float64, drawn at random.

    Args:
        permuted: only reorder units and flip signs, so that a product has one term that is not
            zero and its size is known to the last bit; else Q of a normal matrix's QR.
    """
    if not permuted:
        return np.linalg.qr(generator.normal(size=(count, width, width)))[0]
    order = generator.permuted(np.tile(np.arange(width), (count, 1)), axis=1)
    signs = generator.choice([-1.0, 1.0], (count, width, 1))
    return np.eye(width)[order] * signs


def finite_depth(layers: np.ndarray, start: np.ndarray, gain: float, name: str) -> int:
    """Return how many layers, each `gain` times an orthogonal matrix, leave a signal finite.

    Args:
        layers: (depth, width, width), as of `orthogonal_layers`.
        start: (width,) the signal.

    Raises:
        ValueError: it is finite after all of them.
    """
    dtype = FORMATS[name]
    signal = torch.from_numpy(start).to(dtype)[None]
    weights = torch.from_numpy(gain * layers).to(dtype)
    for depth, weight in enumerate(weights):
        signal = signal @ weight
        if not signal.isfinite().all():
            return depth
    raise ValueError(f"gain {gain}, {name}: finite after {len(layers)} layers; take more")


def attempt(call: Callable[[], float]) -> tuple[bool, bool, bool]:
    """Return whether a call raised an arithmetic error, returned no finite number, and warned."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = call()
        except ArithmeticError:
            return True, False, bool(warned)
    return False, not math.isfinite(result), bool(warned)


def torch_product(layers: np.ndarray, gain: float, name: str, checked: bool) -> float:
    """Multiply a vector of ones through PyTorch's layers; return its largest size.

    Raises:
        FloatingPointError: `checked`, and a product is not finite.
    """
    weights = torch.from_numpy(gain * layers).to(FORMATS[name])
    signal = torch.ones(1, layers.shape[1], dtype=FORMATS[name])
    for weight in weights:
        signal = signal @ weight
        if checked and not signal.isfinite().all():
            raise FloatingPointError("a product is not finite")
    return signal.abs().max().item()


def numpy_product(gain: float, depth: int, name: str, checked: bool) -> float:
    """Multiply an array by the gain `depth` times in NumPy, which has no bfloat16.

    Raises:
        FloatingPointError: `checked`, and a product overflows.
    """
    signal = np.ones(4, dtype=name)
    factor = np.full(4, gain, dtype=name)
    with np.errstate(over="raise" if checked else "warn"):
        for _ in range(depth):
            signal = signal * factor
    return float(signal[0])


def python_product(gain: float, depth: int, checked: bool) -> float:
    """Multiply a float by the gain `depth` times.

    Raises:
        FloatingPointError: `checked`, and a product is not finite.
    """
    signal = 1.0
    for _ in range(depth):
        signal = signal * gain
        if checked and not math.isfinite(signal):
            raise FloatingPointError("a product is not finite")
    return signal


def descend(
    layers: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    rate: float,
    steps: int,
    name: str,
    checked: bool,
) -> tuple[np.ndarray, bool]:
    """Train a linear network by gradient descent; return its losses (steps,) and whether it raised.

    Losses after an error are NaN.

    Args:
        layers: (depth, width, width) weights at the start.
        x, y: (n, width) inputs and (n, width) targets of the mean squared error.
        rate: learning rate.
        name: the format of every number.
        checked: ask before each update whether the loss is finite, and raise where it is not.
    """
    dtype = FORMATS[name]
    inputs, targets = (torch.from_numpy(each).to(dtype) for each in (x, y))
    weights = [torch.tensor(each, dtype=dtype, requires_grad=True) for each in layers]
    losses = np.full(steps, np.nan)
    try:
        for step in range(steps):
            signal = inputs
            for weight in weights:
                signal = signal @ weight
            loss = (signal - targets).square().mean()
            losses[step] = loss.item()
            if checked and not loss.isfinite():
                raise FloatingPointError("the loss is not finite")
            gradients = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    weight -= rate * gradient
    except ArithmeticError:
        return losses, True
    return losses, False
