"""The images in the figure: a seed's own, and one draw at every strength."""

import numpy as np
import pytest
from tests_support import config

from relearn.experiments import catalogue, small_sets
from relearn.experiments.augmentation import preview
from relearn.runs.seeds import seeds

BLOCK = config("smoke")["experiments"]["augmentation"]


@pytest.fixture
def moved(small_images):
    def under(variant, strength):
        params = catalogue.parameters("augmentation", BLOCK, variant)
        task = small_sets.task(params, seeds(5, "any", 1)[0], small_images)
        original = task.train.images[: params.previews].astype(float)
        return np.abs(preview(params, task, strength) - original).mean()

    return under


def test_without_transforms_they_are_training_images(moved):
    assert moved("nothing_few", 1.0) == 0


@pytest.mark.parametrize("variant", ["noise_few", "rotation_few"])
def test_they_change_more_with_the_strength(moved, variant):
    assert 0 < moved(variant, 0.2) < moved(variant, 0.6) < moved(variant, 1.0)
