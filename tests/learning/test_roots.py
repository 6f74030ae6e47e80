"""Square roots that do not rest on the processor's estimate of them."""

import re

import torch
from tests_support import ROOT

from relearn.learning.roots import square_root


def test_roots_of_squares_are_right_to_the_last_digits():
    roots = torch.tensor([0.0, 1.0, 1.5, 3.0, 1e-10, 1e10], dtype=torch.float64)
    torch.testing.assert_close(square_root(roots * roots), roots, rtol=5e-16, atol=0.0)
    torch.testing.assert_close(
        square_root((roots * roots).float()), roots.float(), rtol=2e-7, atol=0.0
    )


def test_the_root_of_nothing_is_nothing_also_where_denormals_are_flushed():
    assert square_root(torch.tensor([0.0, -0.0])).abs().tolist() == [0.0, 0.0]
    torch.set_flush_denormal(True)
    try:
        assert square_root(torch.tensor([1e-40])).item() == 0.0
    finally:
        torch.set_flush_denormal(False)


def test_no_run_calls_what_mkl_begins_with_an_estimate():
    call = re.compile(r"([\w)\]]+)\.(?:sqrt|log|log2|log10|asin|acos|atan|tan)_?\(")
    found = {
        f"{path.name}: {match[0]}"
        for room in ("learning", "experiments")
        for path in (ROOT / "src/relearn" / room).glob("*.py")
        for match in call.finditer(path.read_text())
        if match[1] not in ("np", "math")
    }
    assert found == set()
