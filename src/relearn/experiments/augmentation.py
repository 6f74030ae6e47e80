"""Section 8: transforms that keep the label, alone and combined, on few and on more digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.parameters import Rate
from relearn.experiments.small_sets import SIZES, Setting, SmallSetParameters, Task
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure
    from relearn.learning import augmentation

SEED_RUNS = True
ARMS = {
    "rotation": "rotation",
    "crop": "cropping",
    "scaling": "scaling",
    "noise": "noise",
    "combined": "all of these",
}
SHOWN = ARMS | {"flips": "flips"}  # that flips keep a digit's label is not what 8a says: see 8b

PREVIEWED = (0.2, 0.4, 0.6, 0.8, 1.0)  # multiples of the reach in the preview figure


class Params(SmallSetParameters):
    """How far the transforms reach, and the shares of that reach to choose from."""

    rotation: float = Field(ge=0, le=180, description="largest angle either way, degrees")
    zoom: float = Field(ge=0, lt=1, description="largest zoom either way, share")
    crop_padding: int = Field(ge=0, description="black border before the crop, pixels")
    noise: float = Field(ge=0, description="standard deviation of the noise, pixels in [0, 1]")
    flip: float = Field(
        ge=0, le=1, description="probability of a left-right and of an upside-down flip"
    )
    strengths: list[Rate] = Field(
        min_length=1,
        description="multiples of the reach to choose from; where nothing reaches anywhere, as "
        "many starts",
    )
    previews: int = Field(ge=1, description="training images in the preview figure")

    @model_validator(mode="after")
    def _possible(self) -> Params:
        most = max(self.strengths)
        if most * self.zoom >= 1 or most * self.flip > 1:
            raise ValueError(f"strengths: {most} times zoom or flip is beyond 1; take less")
        return self

    def recipe(self, strength: float) -> augmentation.Recipe:
        """Return the transforms at a multiple of their reach."""
        from relearn.learning.augmentation import reaching

        reach = self.rotation, self.zoom, self.crop_padding, self.noise, self.flip
        return reaching(strength, *reach)


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a network a seed for each strength and keep what the validated one does."""
    from relearn.learning import augmentation
    from relearn.learning.stack import training_multiply_adds

    tasks = [small_sets.task(params, seed, inputs) for seed in seeds]
    recipes = [params.recipe(strength) for strength in params.strengths]
    settings = [Setting(transforms=recipe) for recipe in recipes]
    found = small_sets.chosen(params, tasks, settings, inputs)
    del found["confusion"]
    reach = any([params.rotation, params.zoom, params.crop_padding, params.noise, params.flip])
    found["strength"] = np.array(params.strengths)[found["setting"]] * reach
    side = inputs.train_images.shape[1:]
    network = training_multiply_adds([side[0] * side[1], *params.hidden, 10])
    own = [augmentation.multiply_adds(recipe, side) for recipe in recipes]
    found["transform_cost"] = np.array(own)[found["setting"]] / network
    previews = [[preview(params, each, strength) for strength in PREVIEWED] for each in tasks]
    labels = [each.train.labels[: params.previews] for each in tasks]
    arrays = {"preview": np.stack(previews), "preview_label": np.stack(labels)}
    return Records(per_seed(found), arrays=arrays)


def preview(params: Params, task: Task, strength: float) -> np.ndarray:
    """Return the first training images under one draw, the same at any strength, as bytes."""
    import torch

    from relearn.learning import augmentation

    shown = torch.from_numpy(task.train.images[: params.previews].astype(np.float32) / 255)
    generator = task.seed.torch_generator("preview")
    drawn = augmentation.draw(params.recipe(strength), tuple(shown.shape), generator)
    return (255 * augmentation.apply(shown, drawn)).round().to(torch.uint8).numpy()


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of test errors that each transform removes, and what the dearest costs."""
    parts = {f"{arm}_{size}": removed(results, arm, size) for arm in ARMS for size in SIZES}
    costs = [results[f"combined_{size}"].scalars["transform_cost"].to_numpy() for size in SIZES]
    return {"8a": parts | {"cost": 1 - np.max(costs, axis=0)}}


def removed(results: Mapping[str, Records], arm: str, size: str) -> np.ndarray:
    """Return the share (S,) of the test errors without transforms that these remove."""
    before, after = results[f"nothing_{size}"].scalars, results[f"{arm}_{size}"].scalars
    return small_sets.errors_removed(before["test_accuracy"], after["test_accuracy"])


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw each transform's images, and the share of test errors that it removes at each size."""
    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures

    figure = Figure(columns=4, widths=[1.2, 1, 1, 1], height=3.6)
    sheet = figure.panel("Training images", Pictures)
    rows = {"none": "nothing"} | {label: arm for arm, label in SHOWN.items()}
    arrays = {label: results[f"{arm}_few"].arrays for label, arm in rows.items()}
    labels = arrays["none"]["preview_label"][0]
    places = np.arange(1, len(labels) + 1)
    stops = [f"{strength:g}" for strength in PREVIEWED]
    for frame in figure.frames("strength, as a share of the full reach", stops, len(stops) - 1):
        sheet.images(
            np.stack([each["preview"][0, frame] for each in arrays.values()]) / 255,
            {label: (places.astype(str), labels) for label in rows},
            ("training image", "digit"),
            rows=list(rows),
        )
    for size in SIZES:
        panel = figure.panel(small_sets.title(results[f"nothing_{size}"]))
        panel.intervals({label: 100 * removed(results, arm, size) for arm, label in SHOWN.items()})
        panel.axes("errors removed, %", "", zero=True)
    return figure
