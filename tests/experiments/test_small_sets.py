"""Training on a few images: who is compared with whom, and what is chosen."""

import dataclasses

import numpy as np
import pytest
import torch

from relearn.errors import DataError
from relearn.experiments import small_sets
from relearn.experiments.small_sets import Setting, SmallSetParameters
from relearn.learning.augmentation import Recipe
from relearn.learning.training import predictions
from relearn.runs.seeds import seeds

PARAMS = SmallSetParameters(
    seeds=3,
    dataset="any",
    hidden=[16, 8],
    batch_size=10,
    learning_rate=0.01,
    networks_at_once=2,
    device="cpu",
    size="some",
    train_samples={"few": 20, "some": 60, "many": 200, "most": 351},
    steps={"few": 1, "some": 60, "many": 1, "most": 1},
    validation_samples=50,
    wrong_labels=0.0,
)


@pytest.fixture(scope="module")
def tasks(small_images):
    return [small_sets.task(PARAMS, seed, small_images) for seed in seeds(5, "any", 3)]


def test_training_sets_are_nested_and_apart_from_validation(small_images):
    seed = seeds(5, "any", 1)[0]
    few, many = (
        small_sets.task(PARAMS.model_copy(update={"size": size}), seed, small_images)
        for size in ("few", "many")
    )
    np.testing.assert_array_equal(few.train.images, many.train.images[:20])
    np.testing.assert_array_equal(few.validation.images, many.validation.images)
    seen = {each.tobytes() for each in many.train.images}
    assert not seen & {each.tobytes() for each in many.validation.images}


def test_too_large_a_training_set_is_refused(small_images):
    params = PARAMS.model_copy(update={"size": "most"})
    with pytest.raises(
        DataError, match="train_samples .* 351 . 50, but any has 400 training images"
    ):
        small_sets.task(params, seeds(5, "any", 1)[0], small_images)


def test_the_setting_that_is_best_on_validation_images_counts(tasks, small_images):
    settings = [Setting(steps=1), Setting(steps=60), Setting(steps=2)]
    found = small_sets.chosen(PARAMS, tasks, settings, small_images)
    assert found["setting"].tolist() == [1, 1, 1]
    alone = small_sets.chosen(PARAMS, tasks[:2], [Setting(steps=1), Setting()], small_images)
    for name, values in alone.items():
        np.testing.assert_array_equal(found[name][:2], values, err_msg=name)


def test_each_seed_is_tested_with_the_network_that_it_chose(tasks, small_images):
    short, long = Setting(steps=1), Setting(steps=60)
    first, second = (
        small_sets.trained(PARAMS, tasks[:1], number, setting, small_images)
        for number, setting in enumerate((short, long))
    )
    found = small_sets.chosen(PARAMS, tasks[:1], [short, long], small_images)
    for networks, is_it in ((first, False), (second, True)):
        counts = small_sets.confusions(PARAMS, networks, [tasks[0].test], small_images).numpy()
        assert np.array_equal(counts, found["confusion"]) == is_it


def test_accuracies_are_those_of_the_confusion_counts(tasks, small_images):
    found = small_sets.chosen(PARAMS, tasks, [Setting()], small_images)
    labels = np.bincount(small_images.test_labels, minlength=10)
    for counts, accuracy in zip(found["confusion"], found["test_accuracy"], strict=True):
        assert counts.sum(1).tolist() == labels.tolist()
        assert 100 * np.trace(counts) / labels.sum() == pytest.approx(accuracy)
    assert found["parameters"].tolist() == [784 * 16 + 16 + 16 * 8 + 8 + 8 * 10 + 10] * 3
    assert found["train_samples"].tolist() == [60] * 3


def test_a_network_learns_its_own_seeds_labels(tasks, small_images):
    turned = [
        dataclasses.replace(
            task, train=task.train._replace(labels=(task.train.labels + index) % 10)
        )
        for index, task in enumerate(tasks)
    ]
    found = small_sets.chosen(PARAMS, turned, [Setting()], small_images)
    for index, counts in enumerate(found["confusion"]):
        predicted_shift = [np.trace(np.roll(counts, -shift, axis=1)) for shift in range(3)]
        assert np.argmax(predicted_shift) == index


def test_the_test_and_training_images_have_no_say_in_the_choice(tasks, small_images):
    """The validation labels are what the barely trained networks say, right or wrong."""
    settings = [Setting(steps=60), Setting(steps=1)]
    assert small_sets.chosen(PARAMS, tasks, settings, small_images)["setting"].tolist() == [0] * 3
    networks = small_sets.trained(PARAMS, tasks[:2], 1, settings[1], small_images)
    shown, _ = small_sets.together(PARAMS, [each.validation for each in tasks[:2]], small_images)
    said = predictions(networks, shown, torch.arange(100).view(2, 50)).numpy()
    turned = [
        dataclasses.replace(task, validation=task.validation._replace(labels=labels))
        for task, labels in zip(tasks[:2], said, strict=True)
    ]
    found = small_sets.chosen(PARAMS, turned, settings, small_images)
    assert found["setting"].tolist() == [1, 1]
    assert found["validation_accuracy"].tolist() == [100, 100]
    assert (found["test_accuracy"] < 60).all()


def test_tries_differ_in_start_and_order(tasks, small_images):
    tries = [
        small_sets.trained(PARAMS, tasks, number, Setting(steps=1), small_images).values
        for number in (0, 0, 1)
    ]
    assert torch.equal(tries[0], tries[1])
    assert not torch.equal(tries[0], tries[2])


@pytest.mark.parametrize(
    "setting",
    [
        Setting(dropout=0.5),
        Setting(l2=0.1),
        Setting(weight_decay=1.0),
        Setting(transforms=Recipe(rotation=30.0)),
        Setting(order=lambda size, count, generator: torch.arange(count) % size),
    ],
)
def test_every_setting_reaches_the_training(setting, tasks, small_images):
    plain, other = (
        small_sets.trained(PARAMS, tasks, 0, each, small_images).values
        for each in (Setting(), setting)
    )
    assert not torch.equal(plain, other)


def test_passes_show_every_image_equally_often():
    order = small_sets.passes(7, 21, torch.Generator().manual_seed(1))
    assert np.bincount(order).tolist() == [3] * 7
    assert sorted(order[:7].tolist()) == list(range(7))
    assert len(small_sets.passes(7, 10, torch.Generator().manual_seed(1))) == 10


def test_a_share_of_labels_is_another_digit_and_the_images_stay(small_images):
    seed = seeds(5, "any", 1)[0]
    clean, wrong = (
        small_sets.task(
            PARAMS.model_copy(update={"size": "many", "wrong_labels": share}), seed, small_images
        )
        for share in (0.0, 0.3)
    )
    for split in ("train", "validation"):
        before, after = getattr(clean, split), getattr(wrong, split)
        np.testing.assert_array_equal(before.images, after.images)
        assert np.mean(before.labels != after.labels) == pytest.approx(0.3, abs=0.15)
        assert set(after.labels) <= set(range(10))
    np.testing.assert_array_equal(clean.test.labels, wrong.test.labels)


def test_shrinking_averages_squares_and_rounds():
    image = np.array([[[0, 1, 10, 10], [2, 3, 10, 11], [0, 0, 255, 255], [0, 0, 255, 255]]])
    assert small_sets.shrunk(image.astype(np.uint8), 2).tolist() == [[[2, 10], [0, 255]]]


def test_squares_that_do_not_fit_are_refused(small_images):
    with pytest.raises(DataError, match="shrink: 5 does not divide the sides .* 28 × 28; take a"):
        small_sets.coarser(small_images, 5)
