"""Random flips, crops, rotation, zoom and noise for each image: a batch at once, or one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from benchmarks import mnist
from benchmarks.measure import compare, interleaved, seconds
from relearn.learning.augmentation import Recipe
from relearn.learning.batches import ImageBatches

IMAGES, NETWORKS, BATCH, PAIRS = 6400, 10, 64, 7
RECIPE = Recipe(0.5, 0.5, 15.0, 0.85, 1.15, 2, 0.1)


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time both in one thread: torchvision's v2 transforms on tensors, and v1 on PIL images."""
    torch.set_num_threads(1)
    data = mnist.load()
    _, v1 = mnist.torchvision_datasets()
    from PIL import Image
    from torchvision.transforms import v2

    pictures = torch.from_numpy(data.train_images[:IMAGES].astype("float32") / 255)
    generators = [torch.Generator().manual_seed(number) for number in range(NETWORKS)]
    batches = ImageBatches(data.train_images, 0.0, 1.0, recipe=RECIPE, generators=generators)
    everyone = torch.arange(IMAGES).view(NETWORKS, -1)
    tensors = [picture[None] for picture in pictures]
    originals = [Image.fromarray(picture) for picture in data.train_images[:IMAGES]]

    def ours() -> float:
        def work() -> None:
            for indices in everyone.split(BATCH, dim=1):
                batches(indices)

        return seconds(work)

    on_tensors = chain(v2, [])
    on_pil = chain(v1, [v1.ToTensor()])
    unit = (
        f"seconds of torchvision's {{}} an image / of ours, {BATCH} for each of {NETWORKS} networks"
    )
    return {
        "augmentation_vs_transforms": compare(
            interleaved(lambda: seconds(lambda: [on_tensors(t) for t in tensors]), ours, PAIRS),
            unit.format("v2 transforms on tensors,"),
            ">= 25",
        ),
        "augmentation_vs_pil_transforms": compare(
            interleaved(lambda: seconds(lambda: [on_pil(p) for p in originals]), ours, PAIRS),
            unit.format("v1 transforms on PIL images,"),
            "",
        ),
    }


def chain(transforms, last: list):
    """Return the recipe as torchvision's own transforms."""
    bilinear = transforms.InterpolationMode.BILINEAR
    return transforms.Compose(
        [
            transforms.RandomHorizontalFlip(RECIPE.horizontal_flip),
            transforms.RandomVerticalFlip(RECIPE.vertical_flip),
            transforms.RandomAffine(
                RECIPE.rotation, scale=(RECIPE.scale_low, RECIPE.scale_high), interpolation=bilinear
            ),
            transforms.RandomCrop(28, padding=RECIPE.crop_padding),
            *last,
            transforms.Lambda(lambda x: (x + RECIPE.noise * torch.randn_like(x)).clamp(0, 1)),
        ]
    )
