"""A run's trained networks as safetensors: names and numbers, no code that loading would run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from relearn.runs.record import Records

PREFIX = "model."  # arrays named model.{layer}.{weight,bias} are a network's, a seed each
FILE = "model.safetensors"
Network = Mapping[str, np.ndarray]  # one seed's arrays by name: {layer}.weight, {layer}.bias


def by_seed(records: Records) -> dict[int, Network]:
    """Return each seed's arrays by their names without the prefix; empty where none were kept.

    A record may keep the networks of its first seeds only.
    """
    kept = {
        name.removeprefix(PREFIX): array
        for name, array in records.arrays.items()
        if name.startswith(PREFIX)
    }
    count = min((len(array) for array in kept.values()), default=0)
    seeds = [int(seed) for seed in records.by_seed["seed"][:count]]
    return {
        seed: {name: array[at] for name, array in kept.items()} for at, seed in enumerate(seeds)
    }


def save(network: Network, facts: Mapping[str, str], folder: Path) -> Path:
    """Write one network with facts about it as the file's metadata; return the file."""
    from safetensors.numpy import save_file  # few runs keep networks

    path = folder / FILE
    save_file({name: np.ascontiguousarray(array) for name, array in network.items()}, path, facts)
    return path
