"""What several tests need: the repository's config, small images, torchvision beside any torch."""

from __future__ import annotations

import os
from pathlib import Path

# One thread, as in the pipeline: two would compete for the same cores and give other bits.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import yaml

from relearn.data import idx, images

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def config() -> dict:
    """The default config, as YAML gives it."""
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


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


@pytest.fixture(scope="session")
def small_images(tmp_path_factory) -> images.Images:
    """400 training and 200 test images that a network learns quickly."""
    folder = tmp_path_factory.mktemp("images")
    images.normalise(folder / "raw", write_images(folder / "raw"), folder)
    return images.load(folder)


@pytest.fixture(scope="session")
def torchvision_functional():
    """torchvision's transforms, also where its wheel was built for another torch build.

    Beside a CPU build of torch the index's wheel fails at import because two operators of its
    compiled part are not declared; the transforms need neither, so declaring them is enough.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from torchvision.transforms.v2 import functional

    return functional
