"""What a seed's GAN has seen, and who looks at what it draws."""

from dataclasses import replace

import numpy as np
import pytest
from tests_support import config

from relearn.experiments import catalogue, small_sets
from relearn.experiments import generative_adversarial_network as gan
from relearn.runs.seeds import seeds

BLOCK = config("smoke")["experiments"]["generative_adversarial_network"]
PARAMS = catalogue.parameters("generative_adversarial_network", BLOCK, "few")


@pytest.fixture(scope="module")
def drawn(small_images):
    """Digits of a seed's GAN, trained with another part of the task in the place of its own."""
    task = small_sets.task(PARAMS, seeds(5, "any", 1)[0], small_images)
    referee = gan.trained_referee(PARAMS, task.seed, small_images)
    reference, _ = referee.seen(small_images.test_images[:100])
    other = small_sets.Digits(task.train.images[::-1], task.train.labels[::-1])
    tasks = {
        "as it is": task,
        "validation": replace(
            task, validation=task.validation._replace(images=task.validation.images[::-1])
        ),
        "test": replace(task, test=other),
        "train": replace(task, train=other),
    }
    return {name: gan.generated(PARAMS, [each], referee, reference) for name, each in tasks.items()}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_gan_sees_none_of_the_other_images(drawn, part):
    np.testing.assert_array_equal(drawn[part]["digits"], drawn["as it is"]["digits"])


def test_a_gan_sees_the_training_images(drawn):
    assert not np.array_equal(drawn["train"]["digits"], drawn["as it is"]["digits"])


def test_sheets_are_drawn_at_the_checkpoints_and_half_way_to_them(drawn):
    assert PARAMS.checkpoints == [10, 60]
    assert gan.looked(PARAMS) == [5, 10, 35, 60]
    assert gan.looked(PARAMS.model_copy(update={"checkpoints": [1, 2, 4]})) == [1, 2, 3, 4]
    found = drawn["as it is"]
    assert found["sheet"].shape == (1, 4, 3, 10, 28, 28)
    assert found["sheet_read"].shape == (1, 4, 3, 10)


def test_the_nearest_digits_are_training_images_with_their_labels(drawn, small_images):
    task = small_sets.task(PARAMS, seeds(5, "any", 1)[0], small_images)
    for image, label in zip(
        drawn["as it is"]["nearest"][0, -1], drawn["as it is"]["nearest_label"][0, -1], strict=True
    ):
        (same,) = (task.train.images == image).all((1, 2)).nonzero()
        assert len(same) == 1 and task.train.labels[same[0]] == label


def test_the_referee_has_learned_the_labels(small_images):
    params = PARAMS.model_copy(update={"referee_passes": 20})
    referee = gan.trained_referee(params, seeds(5, "any", 1)[0], small_images)
    _, classes = referee.seen(small_images.test_images)
    assert np.mean(classes == small_images.test_labels) > 0.9


def test_a_batch_holds_the_share_of_generated_digits():
    import torch

    order = gan.mixed(PARAMS, 0.25).order
    real, size = PARAMS.train_samples["few"], PARAMS.batch_size
    picked = order(real + 100, 50 * size, torch.Generator().manual_seed(1)).view(50, size)
    assert ((picked >= real).sum(1) == size // 4).all()
    assert picked.max() < real + 100
