"""Section 8: a small training set, trained on as it is and with random transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.errors import DataError
from relearn.experiments.parameters import TrainingParameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, groups

if TYPE_CHECKING:
    import torch

    from relearn.figures.canvas import Figure
    from relearn.learning import augmentation

SEED_RUNS = True
ARMS = {
    "without": "no augmentation",
    "label_preserving": "crop, rotation, scale, noise",
    "with_flips": "the same and flips",
    "flips_only": "flips only",
}


class Params(TrainingParameters):
    """The network, its training and the recipe; every arm takes the same steps."""

    train_samples: int = Field(ge=10, description="training images of a seed, drawn at random")
    epochs: int = Field(ge=1, description="passes over the training images")
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

    if params.train_samples > len(inputs.train_images):
        raise DataError(
            f"train_samples: {params.train_samples}, but {params.dataset} has "
            f"{len(inputs.train_images)} training images; take fewer"
        )
    subsets = torch.stack(
        [
            torch.randperm(len(inputs.train_images), generator=seed.torch_generator("subset"))
            for seed in seeds
        ]
    )[:, : params.train_samples]
    recipe = augmentation.Recipe(
        params.horizontal_flip,
        params.vertical_flip,
        params.rotation,
        params.scale_low,
        params.scale_high,
        params.crop_padding,
        params.noise,
    )
    size = params.networks_at_once
    parts = [
        trained(params, group, subset, recipe, inputs)
        for group, subset in zip(groups(seeds, size), subsets.split(size), strict=True)
    ]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    curves = {name: found.pop(name) for name in ("mean_loss", "augmented_accuracy")}
    scalars = found | {
        "final_augmented_accuracy": curves["augmented_accuracy"][:, -1],
        "final_mean_loss": curves["mean_loss"][:, -1],
    }
    shown = inputs.train_images[subsets[0, : params.previews].numpy()]
    originals = torch.from_numpy(shown.astype(np.float32) / 255)
    arrays = {"preview_original": originals.expand(len(seeds), *originals.shape).numpy()}
    for name, single in augmentation.singles(recipe).items():
        draws = [
            augmentation.draw(single, originals.shape, seed.torch_generator(f"preview {name}"))
            for seed in seeds
        ]
        changed = [augmentation.apply(originals, drawn) for drawn in draws]
        arrays[f"preview_{name}"] = torch.stack(changed).numpy()
    epochs = np.arange(1, params.epochs + 1)
    return Records(per_seed(scalars), table("epoch", epochs, curves), arrays)


def trained(
    params: Params,
    seeds: Sequence[Seed],
    subsets: torch.Tensor,
    recipe: augmentation.Recipe,
    inputs: Images,
) -> dict[str, np.ndarray]:
    """Train on each seed's images, `subsets` (S, n); return a number or a curve a seed."""
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.stack import perceptrons
    from relearn.learning.training import Recipe, accuracy, device, train

    place = device(params.device)
    networks = perceptrons(
        [inputs.train_images[0].size, *params.hidden, 10],
        [seed.torch_generator("start") for seed in seeds],
        place,
    )
    shuffles = [seed.torch_generator("order") for seed in seeds]

    def orders(epoch: int) -> torch.Tensor:
        picks = [torch.randperm(params.train_samples, generator=g) for g in shuffles]
        return torch.stack([subset[pick] for subset, pick in zip(subsets, picks, strict=True)])

    noises = [seed.torch_generator("augmentation") for seed in seeds]
    facts = inputs.mean, inputs.std, place
    originals = ImageBatches(inputs.train_images, *facts)
    augmented = ImageBatches(inputs.train_images, *facts, recipe=recipe, generators=noises)
    labels, test_labels = (
        torch.from_numpy(each.astype(np.int64)).to(place)
        for each in (inputs.train_labels, inputs.test_labels)
    )
    training = Recipe(params.batch_size, params.epochs, params.learning_rate)
    history = train(networks, orders, augmented, labels, training)
    test_images = ImageBatches(inputs.test_images, *facts)
    everyone = torch.arange(len(test_labels)).expand(len(seeds), -1)
    return {
        "test_accuracy": accuracy(networks, test_images, test_labels, everyone),
        "train_accuracy": accuracy(networks, originals, labels, subsets),
        "mean_loss": history.batch_loss.astype(float).mean(-1),
        "augmented_accuracy": history.train_accuracy,
    }


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
