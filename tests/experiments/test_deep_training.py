"""What experiments with deep networks share."""

import numpy as np
import pytest
import torch

from relearn.experiments import deep_training
from relearn.learning.deep_networks import Design, start
from relearn.runs.seeds import seeds

PARAMS = deep_training.DeepParameters(
    seeds=2,
    dataset="any",
    train_samples=64,
    validation_samples=32,
    width=16,
    batch_size=16,
    steps=60,
    rates=[0.1, 1.0e-6],
)


@pytest.fixture(scope="module")
def data(small_images):
    return deep_training.digits(PARAMS, seeds(5, "any", 2), small_images)


def network():
    return start([784, 16, 10], [torch.Generator().manual_seed(each) for each in (1, 2)], "default")


def test_idle_loss_is_the_entropy_of_the_training_labels_in_nats(data):
    for labels, idle in zip(data.labels[:, : data.known].numpy(), data.idle, strict=True):
        shares = np.unique(labels, return_counts=True)[1] / 64
        assert idle == pytest.approx(-sum(share * np.log(share) for share in shares))


def test_the_rate_is_chosen_on_the_validation_images(data):
    found = deep_training.chosen(network(), data, PARAMS.rates, Design("relu"))
    assert found["rate"].tolist() == [0.1, 0.1]
    turned = data.labels.clone()
    turned[:, data.known :] = (turned[:, data.known :] + 1) % 10
    other = deep_training.Digits(data.x, turned, data.known, data.orders, data.idle)
    found = deep_training.chosen(network(), other, PARAMS.rates, Design("relu"))
    assert found["rate"].tolist() == [1.0e-6, 1.0e-6]


def test_a_loss_that_is_not_finite_counts_as_the_idle_one(data):
    found = deep_training.chosen(network(), data, [1.0e30], Design("relu"))
    np.testing.assert_array_equal(found["loss"], data.idle)
    assert found["overflowed"].tolist() == [1.0, 1.0]
