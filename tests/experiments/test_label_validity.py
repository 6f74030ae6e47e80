"""Copies under the label of their original, moved as their names say."""

import numpy as np
import pytest
from tests_support import config

from relearn.experiments import catalogue
from relearn.experiments.label_validity import examples, transformed, with_copies
from relearn.experiments.small_sets import Digits

BLOCK = config()["experiments"]["label_validity"]
IMAGE = np.array([[[1, 2], [3, 4]]], dtype=np.uint8)


@pytest.mark.parametrize(
    "transform, expected",
    [
        ("horizontal_flip", [[2, 1], [4, 3]]),
        ("vertical_flip", [[3, 4], [1, 2]]),
        ("quarter_turn", [[2, 4], [1, 3]]),
        ("half_turn", [[4, 3], [2, 1]]),
    ],
)
def test_transforms(transform, expected):
    assert transformed(IMAGE, transform).tolist() == [expected]


def test_copies_are_moved_for_the_digits_that_are_named_and_keep_their_label():
    train = Digits(np.concatenate([IMAGE, IMAGE]), np.array([8, 3]))
    params = catalogue.parameters("label_validity", BLOCK, "half_turn_valid")
    doubled = with_copies(train, params)
    assert doubled.labels.tolist() == [8, 3, 8, 3]
    assert doubled.images[:2].tolist() == train.images.tolist()
    assert doubled.images[2].tolist() == [[4, 3], [2, 1]]
    assert doubled.images[3].tolist() == [[1, 2], [3, 4]]


def test_the_figure_shows_the_first_copy_of_each_digit():
    copies = np.stack([np.full((2, 2), value, np.uint8) for value in (7, 8, 9)])
    doubled = Digits(np.concatenate([copies - 5, copies]), np.array([1, 4, 4, 1, 4, 4]))
    shown = examples(doubled)
    assert shown.shape == (10, 2, 2)
    assert shown.max((1, 2)).tolist() == [0, 7, 0, 0, 8, 0, 0, 0, 0, 0]
