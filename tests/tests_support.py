"""Helpers that several tests share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from relearn.data import idx

ROOT = Path(__file__).resolve().parents[1]


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings as Snakemake merges config files."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def write_images(folder: Path, train: int = 400, test: int = 200) -> dict:
    """Write a small data set that can be learned (the label is a bright row); return its pins."""
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for split, count in (("train", train), ("test", test)):
        labels = rng.integers(10, size=count).astype(np.uint8)
        pixels = rng.integers(60, size=(count, 28, 28)).astype(np.uint8)
        pixels[np.arange(count), 4 + 2 * labels] = 255
        for kind, array in (("images", pixels), ("labels", labels)):
            content = idx.encode(array)
            (folder / f"{split}_{kind}.idx").write_bytes(content)
            files[f"{split}_{kind}"] = {"name": f"{split}-{kind}", "sha256": idx.digest(content)}
    return files
