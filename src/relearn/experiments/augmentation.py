"""Section 8: a small training set, trained on as it is and with random transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.errors import DataError
from relearn.experiments.parameters import Count, ImageParameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = True
ARMS = {
    "without": "no augmentation",
    "label_preserving": "crop, rotation, scale, noise",
    "with_flips": "the same and flips",
    "flips_only": "flips only",
}


class Params(ImageParameters):
    """The network, its training and the recipe."""

    train_samples: int = Field(ge=10, description="training images of a seed, drawn at random")
    hidden: list[Count] = Field(min_length=1, description="units of each hidden layer")
    epochs: int = Field(ge=1, description="passes over the seed's images, equal in every arm")
    batch_size: int = Field(ge=1, description="images an update")
    learning_rate: float = Field(gt=0, description="Adam's step size")
    horizontal_flip: float = Field(ge=0, le=1, description="probability")
    vertical_flip: float = Field(ge=0, le=1, description="probability")
    rotation: float = Field(ge=0, le=180, description="largest angle either way, degrees")
    scale_low: float = Field(gt=0, description="smallest zoom")
    scale_high: float = Field(gt=0, description="largest zoom")
    crop_padding: int = Field(ge=0, description="black border before the crop, pixels")
    noise: float = Field(ge=0, description="standard deviation of the noise, pixels in [0, 1]")
    previews: int = Field(ge=1, description="training images in the preview figure")

    @model_validator(mode="after")
    def _zoom_in_order(self) -> Params:
        if self.scale_low > self.scale_high:
            raise ValueError("scale_low is above scale_high: exchange them")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train one network a seed; arms share a seed's images, start and order."""
    import torch

    from relearn.learning import augmentation
    from relearn.learning.perceptron_stack import PerceptronStack
    from relearn.learning.training import accuracy, train

    if params.train_samples > len(inputs.train_images):
        raise DataError(
            f"train_samples: {params.train_samples}, but {params.dataset} has "
            f"{len(inputs.train_images)} training images; take fewer"
        )
    recipe = augmentation.Recipe(
        params.horizontal_flip,
        params.vertical_flip,
        params.rotation,
        params.scale_low,
        params.scale_high,
        params.crop_padding,
        params.noise,
    )
    pixels = torch.from_numpy(inputs.train_images.astype(np.float32) / 255)
    labels = torch.from_numpy(inputs.train_labels.astype(np.int64))
    side = pixels.shape[1:]
    subsets = torch.stack(
        [
            torch.randperm(len(pixels), generator=seed.torch_generator("subset"))[
                : params.train_samples
            ]
            for seed in seeds
        ]
    )
    networks = PerceptronStack(
        [side.numel(), *params.hidden, 10], [seed.torch_generator("start") for seed in seeds]
    )
    shuffles = [seed.torch_generator("order") for seed in seeds]
    noises = [seed.torch_generator("augmentation") for seed in seeds]

    def orders(epoch: int) -> torch.Tensor:
        picks = [torch.randperm(params.train_samples, generator=g) for g in shuffles]
        return torch.stack([subset[pick] for subset, pick in zip(subsets, picks, strict=True)])

    def images_of(indices: torch.Tensor) -> torch.Tensor:
        batch = pixels[indices]
        if recipe != augmentation.Recipe():
            parts = [augmentation.draw(recipe, (indices.shape[1], *side), g) for g in noises]
            batch = augmentation.apply(batch.flatten(0, 1), augmentation.stack(parts))
        return ((batch - inputs.mean) / inputs.std).reshape(*indices.shape, -1)

    history = train(
        networks, orders, images_of, labels, params.batch_size, params.epochs, params.learning_rate
    )
    test_images = torch.from_numpy(inputs.standardise(inputs.test_images))
    test_labels = torch.from_numpy(inputs.test_labels.astype(np.int64))
    seen = torch.from_numpy(inputs.standardise(inputs.train_images))[subsets]
    with torch.inference_mode():
        right = networks(seen).argmax(-1) == labels[subsets]
    mean_loss = history.batch_loss.astype(float).mean(-1)
    scalars = {
        "test_accuracy": accuracy(networks, test_images, test_labels),
        "train_accuracy": (100 * right.double().mean(1)).numpy(),
        "final_augmented_accuracy": history.train_accuracy[:, -1],
        "final_mean_loss": mean_loss[:, -1],
    }
    curves = {"mean_loss": mean_loss, "augmented_accuracy": history.train_accuracy}
    epochs = np.arange(1, params.epochs + 1)
    originals = pixels[subsets[0, : params.previews]]
    arrays = {"preview_original": originals.expand(len(seeds), *originals.shape).numpy()}
    for name, single in augmentation.singles(recipe).items():
        parts = [
            augmentation.draw(single, originals.shape, seed.torch_generator(f"preview {name}"))
            for seed in seeds
        ]
        shown = [augmentation.apply(originals, part) for part in parts]
        arrays[f"preview_{name}"] = torch.stack(shown).numpy()
    return Records(per_seed(scalars), table("epoch", epochs, curves), arrays)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Judge nothing yet: claim 8a needs several training-set sizes."""
    return {}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw a preview of each arm's images, and the test accuracy that came of them."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2, widths=[1.7, 1], height=4.2)
    left = figure.panel("Training images under each transform")
    arrays = results["with_flips"].arrays
    left.images({name.removeprefix("preview_"): images[0] for name, images in arrays.items()})
    right = figure.panel("Accuracy on the test images")
    right.intervals(
        {label: results[variant].scalars["test_accuracy"] for variant, label in ARMS.items()}
    )
    right.axes("accuracy, %", "")
    return figure
