"""Section 8: digits drawn by a network that learned from a few real ones, added to those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.parameters import Count, Rate
from relearn.experiments.small_sets import Digits, Setting, SmallSetParameters, Task
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, groups

if TYPE_CHECKING:
    import torch

    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures
    from relearn.learning.sample_quality import Referee

SEED_RUNS = True
ARMS = {"gan": "generated", "transforms": "transforms"}
DRAWN = 3  # digits of each class on a sheet
Part = Annotated[float, Field(gt=0, lt=1)]


class Params(SmallSetParameters):
    """The GAN, how many of its digits are mixed in, and the transforms beside it.

    `device` is where the classifiers are; the GAN and its referee stay on the processor.
    """

    noise_inputs: Count = Field(description="normal numbers from which a digit is made")
    generator: list[Count] = Field(min_length=1, description="units of each hidden layer")
    discriminator: list[Count] = Field(min_length=1, description="units of each hidden layer")
    gan_batch_size: Count = Field(description="real images of a GAN's update")
    gan_learning_rate: Rate = Field(description="Adam's step size, of both networks")
    gan_dropout: float = Field(ge=0, lt=1, description="share of the discriminator's units zeroed")
    smoothing: float = Field(
        ge=0, lt=1, description="how far below 1 the discriminator's target for a real image is"
    )
    mismatch: float = Field(
        ge=0, description="weight of a real image as a wrong one of each other class"
    )
    averaging: float = Field(ge=0, lt=1, description="share of the averaged generator kept a step")
    checkpoints: list[Count] = Field(
        min_length=1, description="updates after which digits are drawn, growing; the last ends it"
    )
    generated: int = Field(ge=10, description="digits drawn for the classifier")
    shares: list[Part] = Field(
        min_length=1, description="shares of generated digits in a batch to choose from"
    )
    rotation: float = Field(ge=0, le=180, description="largest angle either way, degrees")
    zoom: float = Field(ge=0, lt=1, description="largest zoom either way, share")
    crop_padding: int = Field(ge=0, description="black border before the crop, pixels")
    noise: float = Field(ge=0, description="standard deviation of the noise, pixels in [0, 1]")
    strengths: list[Rate] = Field(description="multiples of the transforms to choose from")
    referee_passes: Count = Field(description="epochs of the classifier that judges the digits")
    referee_rate: Rate = Field(description="its largest step size")

    @model_validator(mode="after")
    def _lists_agree(self) -> Params:
        if len(self.strengths) != len(self.shares):
            counts = f"{len(self.strengths)} strengths and {len(self.shares)} shares"
            raise ValueError(f"{counts}: every arm needs as many tries, give as many")
        if not all(0 < round(q * self.batch_size) < self.batch_size for q in self.shares):
            raise ValueError(
                f"shares: {self.shares} of {self.batch_size} images leave none of a kind"
            )
        if sorted(set(self.checkpoints)) != self.checkpoints:
            raise ValueError("checkpoints: let them grow")
        if self.validation_samples < self.train_samples[self.size]:
            raise ValueError("validation_samples is below train_samples: the copies need as many")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a GAN a seed on its images, then the classifier without, with, and with transforms."""
    from relearn.learning.sample_quality import frechet_distance

    tasks = [small_sets.task(params, seed, inputs) for seed in seeds]
    referee = trained_referee(params, replace(seeds[0], index=0), inputs)
    features, classes = referee.seen(inputs.test_images)
    half = min(params.generated, len(features) // 2)
    reference = features[0::2][:half]
    parts = [
        generated(params, group, referee, reference)
        for group in groups(tasks, params.networks_at_once)
    ]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    digits, labels = drawn.pop("digits"), drawn.pop("labels")
    more = [
        replace(
            each,
            train=Digits(
                np.concatenate([each.train.images, digits[index]]),
                np.concatenate([each.train.labels, labels[index]]),
            ),
        )
        for index, each in enumerate(tasks)
    ]
    arms = {
        "real": small_sets.chosen(params, tasks, [Setting() for _ in params.shares], inputs),
        "gan": small_sets.chosen(params, more, [mixed(params, q) for q in params.shares], inputs),
        "transforms": small_sets.chosen(
            params, tasks, [transformed(params, times) for times in params.strengths], inputs
        ),
    }
    scalars = {
        f"{arm}_{name}": found[name]
        for arm, found in arms.items()
        for name in ("test_accuracy", "validation_accuracy", "setting")
    }
    for arm in ARMS:
        scalars[f"{arm}_removed"] = small_sets.errors_removed(
            scalars["real_test_accuracy"], scalars[f"{arm}_test_accuracy"]
        )
    scalars["gan_share"] = np.array(params.shares)[scalars["gan_setting"]]
    scalars["transforms_strength"] = np.array(params.strengths)[scalars["transforms_setting"]]
    scalars["train_samples"] = np.array([len(each.train.labels) for each in tasks])
    reached = 100 * np.mean(classes == inputs.test_labels)
    floor = frechet_distance(features[1::2][:half], reference)
    scalars["referee_accuracy"] = np.full(len(seeds), reached)
    scalars["frechet_floor"] = np.full(len(seeds), floor)
    scalars |= {name: drawn.pop(name) for name in ("copies", "train_frechet_distance")}
    curves = {name: drawn.pop(name) for name in ("frechet_distance", "label_agreement")}
    scalars |= {f"final_{name}": values[:, -1] for name, values in curves.items()}
    steps = np.array(params.checkpoints)
    drawn["sheet_update"] = np.tile(looked(params), (len(seeds), 1))
    return Records(per_seed(scalars), table("update", steps, curves), drawn)


def looked(params: Params) -> list[int]:
    """Return the updates after which a sheet is drawn: the checkpoints and half-way to each."""
    halves = {(before + after) // 2 for before, after in pairwise([0, *params.checkpoints])}
    return sorted({*halves, *params.checkpoints} - {0})


def trained_referee(params: Params, seed: Seed, inputs: Images) -> Referee:
    """Train one classifier on all training images, to look at the digits of every seed."""
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.sample_quality import Referee
    from relearn.learning.stack import perceptrons
    from relearn.learning.training import Recipe, train

    network = perceptrons(
        [inputs.train_images[0].size, *params.hidden, 10], [seed.torch_generator("referee start")]
    )
    shuffle = seed.torch_generator("referee order")
    train(
        network,
        lambda _: torch.randperm(len(inputs.train_images), generator=shuffle)[None],
        ImageBatches(inputs.train_images, inputs.mean, inputs.std),
        torch.from_numpy(inputs.train_labels.astype(np.int64)),
        Recipe(256, params.referee_passes, params.referee_rate, "one_cycle"),
    )
    return Referee(network, inputs.mean, inputs.std)


def generated(
    params: Params, tasks: Sequence[Task], referee: Referee, reference: np.ndarray
) -> dict[str, np.ndarray]:
    """Train the GANs of several seeds side by side, each on its own images; draw from them.

    Returns:
        By name, with the seed as first axis: `digits` and their `labels`, for the classifier;
        `frechet_distance` and `label_agreement` (S, checkpoints); the share of `copies` (S,),
        the digits nearer to a training image than to any of as many others; the training images'
        own `train_frechet_distance` (S,); `sheet` (S, looks, DRAWN, 10, height, width), digits of
        each class out of the same noise at each of `looked`, and `sheet_read` (S, looks, DRAWN,
        10), what the referee takes them for; `nearest` (S, looks, 10, height, width), the training
        images nearest to the last row of these, and their `nearest_label` (S, looks, 10).
    """
    import torch

    from relearn.learning import sample_quality
    from relearn.learning.adversarial import ConditionalGAN, Recipe
    from relearn.learning.batches import ImageBatches

    def streams(name: str) -> list[torch.Generator]:
        return [each.seed.torch_generator(f"gan {name}") for each in tasks]

    recipe = Recipe(
        params.noise_inputs,
        params.generator,
        params.discriminator,
        params.gan_batch_size,
        params.gan_learning_rate,
        params.gan_dropout,
        params.smoothing,
        params.mismatch,
        params.averaging,
    )
    images, labels = (np.concatenate(each) for each in zip(*(t.train for t in tasks), strict=True))
    shape, size = images.shape[1:], len(images) // len(tasks)
    gan = ConditionalGAN(images[0].size, 10, recipe, streams)
    batches, known = ImageBatches(images, 0.5, 0.5), torch.from_numpy(labels.astype(np.int64))
    firsts = torch.arange(len(tasks))[:, None] * size
    shuffles = streams("order")
    asked = torch.arange(10).repeat(DRAWN).expand(len(tasks), -1)
    # As often each digit as among the seed's own images, whose order is random.
    wanted = known[firsts + torch.arange(params.generated) % size]
    found: dict[str, list] = {"frechet_distance": [], "label_agreement": [], "sheet": []}
    for before, after in pairwise([0, *params.checkpoints]):
        count = (after - before) * params.gan_batch_size
        passes = [small_sets.passes(size, count, shuffle) for shuffle in shuffles]
        orders = firsts + torch.stack(passes)
        looks = [update - before for update in looked(params) if before < update <= after]
        for part in orders.split(
            [params.gan_batch_size * (end - start) for start, end in pairwise([0, *looks])], dim=1
        ):
            gan.learn(part, batches, known)
            sheet = gan.images(asked, streams("sheet"))
            found["sheet"].append(sheet.view(-1, DRAWN, 10, *shape).numpy())
        digits = gan.images(wanted, streams("digits")).unflatten(2, shape).numpy()
        seen = [referee.seen(each) for each in digits]
        found["frechet_distance"].append(
            [sample_quality.frechet_distance(f[: len(reference)], reference) for f, _ in seen]
        )
        found["label_agreement"].append(
            [100 * np.mean(c == own.numpy()) for (_, c), own in zip(seen, wanted, strict=True)]
        )
    result = {name: np.stack(each, 1) for name, each in found.items()}
    more = ("copies", "train_frechet_distance", "sheet_read", "nearest", "nearest_label")
    others: dict[str, list] = {name: [] for name in more}
    for task, own, sheet in zip(tasks, digits, result["sheet"], strict=True):
        real = task.train.images
        there, _ = sample_quality.nearest(own, real)
        elsewhere, _ = sample_quality.nearest(own, task.validation.images[:size])
        others["copies"].append(np.mean(there < elsewhere))
        others["train_frechet_distance"].append(
            sample_quality.frechet_distance(referee.seen(real)[0], reference)
        )
        _, read = referee.seen(sheet.reshape(-1, *shape))
        others["sheet_read"].append(read.reshape(sheet.shape[:3]))
        _, index = sample_quality.nearest(sheet[:, -1].reshape(-1, *shape), real)
        others["nearest"].append(real[index].reshape(-1, 10, *shape))
        others["nearest_label"].append(task.train.labels[index].reshape(-1, 10))
    result |= {name: np.stack(each) for name, each in others.items()}
    return result | {"digits": digits, "labels": wanted.numpy()}


def mixed(params: Params, share: float) -> Setting:
    """Return the setting with this share of generated digits, which follow the real, in a batch."""
    size, real = params.batch_size, params.train_samples[params.size]
    made = round(share * size)

    def order(images: int, count: int, generator: torch.Generator) -> torch.Tensor:
        import torch

        steps = count // size
        parts = [
            small_sets.passes(real, steps * (size - made), generator).view(steps, -1),
            real + small_sets.passes(images - real, steps * made, generator).view(steps, -1),
        ]
        return torch.cat(parts, 1).flatten()

    return Setting(order=order)


def transformed(params: Params, strength: float) -> Setting:
    """Return the setting with all transforms at a multiple of their reach."""
    from relearn.learning.augmentation import reaching

    reach = params.rotation, params.zoom, params.crop_padding, params.noise
    return Setting(transforms=reaching(strength, *reach))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of the test errors that generated digits remove, at each size."""
    return {
        "8c": {size: results[size].scalars["gan_removed"].to_numpy() for size in ("few", "some")}
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw digits over the GAN's training, their quality, and what they gain."""
    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures

    figure = Figure(columns=2, rows=3, height=2.6)
    sheets = {}
    for name in ("some", "few"):
        samples = f"{results[name].scalars['train_samples'].iloc[0]:,}"
        sheets[name] = figure.panel(f"Digits learned from {samples}", Pictures)
    updates = results["some"].arrays["sheet_update"][0]
    stops = [f"{update:,}" for update in updates]
    for frame in figure.frames("updates of the GAN", stops, shown=len(stops) - 1):
        for name, panel in sheets.items():
            draw_sheet(panel, results[name].arrays, frame)
    panels = {
        "label_agreement": ("Digits as asked for", "read as asked for, %", False),
        "frechet_distance": ("Distance to real ones", "Fréchet distance", True),
    }
    for metric, (title, axis, log) in panels.items():
        panel = figure.panel(title)
        for records in results.values():
            values = records.curves.pivot(index="seed", columns="update", values=metric)
            label = f"from {records.scalars['train_samples'].iloc[0]:,}"
            panel.spread(values.columns, values.to_numpy(), label, marker=True)
        reached = "referee_accuracy" if metric == "label_agreement" else "frechet_floor"
        level, steps = results["some"].scalars[reached].iloc[0], values.columns
        panel.line(steps, np.full(len(steps), level), "real digits")
        panel.axes("updates of the GAN", axis, log=log)
    gain = figure.panel("Gain")
    gain.intervals(
        {
            f"{label}, {records.scalars['train_samples'].iloc[0]:,}": 100
            * records.scalars[f"{arm}_removed"]
            for records in results.values()
            for arm, label in ARMS.items()
        }
    )
    gain.axes("removed, %", "", zero=True)
    return figure


def draw_sheet(panel: Pictures, arrays: Mapping[str, np.ndarray], look: int) -> None:
    """Draw the first seed's digits at one look, and the real ones nearest to the last row."""
    asked = range(10)
    read, label = arrays["sheet_read"][0, look], arrays["nearest_label"][0, look]
    rows = {f"noise {number}": row for number, row in enumerate(read, start=1)}
    images = [*arrays["sheet"][0, look], arrays["nearest"][0, look]]
    kept = rows | {"label of the nearest real": label}
    panel.images(
        np.stack(images) / 255,
        {name: ([str(digit) for digit in asked], row) for name, row in kept.items()},
        ("digit asked for", "read as"),
        rows=[*rows, "nearest real"],
        columns=[str(digit) for digit in asked],
    )
