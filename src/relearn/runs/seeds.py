"""Random streams: one independent generator for each (experiment, seed, stream name)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Seed:
    """One replicate of an experiment.

    Streams are named, not counted, so adding a stream, a seed or an experiment shifts no other
    (NumPy's SeedSequence with a spawn key, https://numpy.org/doc/stable/reference/random/parallel.html).

    Attributes:
        base: the config's `seed_base`.
        experiment: the experiment's name.
        index: the seed's number within the experiment, from 0.
    """

    base: int
    experiment: str
    index: int

    def sequence(self, stream: str) -> np.random.SeedSequence:
        """Return the seed sequence of the named stream."""
        names = (zlib.crc32(self.experiment.encode()), zlib.crc32(stream.encode()))
        return np.random.SeedSequence(self.base, spawn_key=(*names, self.index))

    def generator(self, stream: str) -> np.random.Generator:
        """Return NumPy's default generator (PCG64) at the start of the named stream."""
        return np.random.default_rng(self.sequence(stream))

    def torch_generator(self, stream: str) -> torch.Generator:
        """Return PyTorch's CPU generator, seeded for the named stream."""
        import torch

        return torch.Generator().manual_seed(self.integer(stream))

    def integer(self, stream: str) -> int:
        """Return a 63-bit integer for libraries that take a plain seed."""
        return int(self.sequence(stream).generate_state(1, np.uint64)[0] >> 1)


def seeds(base: int, experiment: str, count: int) -> list[Seed]:
    """Return the experiment's first `count` seeds."""
    return [Seed(base, experiment, index) for index in range(count)]


def groups(replicates: Sequence[Seed], size: int) -> list[Sequence[Seed]]:
    """Cut the seeds into groups of `size`, the last one maybe smaller."""
    return [replicates[first : first + size] for first in range(0, len(replicates), size)]


def tuning_seeds(seed: Seed, count: int) -> list[Seed]:
    """Return replicates of a seed's experiment on which to tune.

    They are numbered like the run's own, so what they draw must come from streams of other names.
    """
    return seeds(seed.base, seed.experiment, count)
