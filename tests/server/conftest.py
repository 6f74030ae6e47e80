"""A lab's server that is stopped at the end, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import Server, lab


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A running server with a writer, ada, and a reader, rob."""
    with lab(tmp_path_factory.mktemp("lab")) as server:
        yield server
