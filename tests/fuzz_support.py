"""What the fuzz tests share: how much they try, and what counts as an answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from relearn.errors import RelearnError

INPUTS = int(os.environ.get("FUZZ_INPUTS", "0"))

# Two hundred inputs, the same each time, so that CI does not depend on luck; with FUZZ_INPUTS so
# many, others each time (`make soak`). What takes longer than the deadline counts as a hang.
fuzzed = settings(
    max_examples=INPUTS or 200,
    derandomize=not INPUTS,
    database=None,
    deadline=timedelta(seconds=10),
    suppress_health_check=[*HealthCheck],
)


def answer(parser: Callable[..., Any], *arguments: Any, error: type = RelearnError) -> Any:
    """Return what a parser makes of an input; None if it refuses it in one line."""
    try:
        return parser(*arguments)
    except error as refusal:
        said = str(refusal)
        assert said and said.isprintable() and len(said) < 2000
        return None


@st.composite
def mutated(draw: st.DrawFn, *originals: bytes) -> bytes:
    """Return one of some good inputs with a few bytes changed, cut, added or repeated."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 16)))
        piece = bytes(content[start:end])
        kind = draw(st.sampled_from(["new", "flip", "cut", "repeat", "end"]))
        if kind == "new":
            content[start:end] = draw(st.binary(max_size=8))
        elif kind == "flip" and piece:
            content[start] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[start:end]
        elif kind == "repeat":
            content[start:start] = piece * draw(st.integers(1, 50))
        else:
            del content[start:]
    return bytes(content)
