"""Every test here keeps within bounds of memory, which no input comes near by its own size."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

ROOM = 4 * 2**30  # bytes of addresses beyond those taken: a parser that wants more gets MemoryError
GROWTH = 256 * 2**20  # bytes that a test may really use, hypothesis' own memory of inputs included
STATUS = Path("/proc/self/status")


@pytest.fixture(autouse=True)
def bounded_memory():
    """Measure the process's peak, not `tracemalloc`: libyaml, zlib and pandas allocate by malloc.

    The limit of addresses only keeps a mistake from taking the machine along. An error that it
    raises is one that the parsers may turn into theirs; what they had used by then is in the peak.
    """
    if not STATUS.exists():  # macOS, where nothing resets the peak
        yield
        return
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _bytes("VmRSS")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_bytes("VmSize") + ROOM, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    grown = _bytes("VmHWM") - before
    print(f"memory: {grown / 2**20:.0f} MiB")
    assert grown < GROWTH


def _bytes(name: str) -> int:
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 2**10
