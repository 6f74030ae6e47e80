"""What the tests of the statistics share."""

import gc

import pytest


@pytest.fixture(scope="module")
def quick_holm():
    """Keeps old objects out of garbage collection, which `multipletests` asks for at each call."""
    from statsmodels.stats.multitest import multipletests  # noqa: F401

    gc.freeze()
    yield
    gc.unfreeze()
