"""The stacked trainer is the plain DataLoader loop, network by network."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from relearn.learning.perceptron_stack import PerceptronStack
from relearn.learning.training import accuracy, train

SIZES = [784, 128, 64, 10]
SAMPLES, BATCH, EPOCHS, RATE = 1000, 64, 2, 0.001


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(SAMPLES, 784, generator=generator)
    return images, torch.randint(10, (SAMPLES,), generator=generator)


def orders(seeds):
    generators = [torch.Generator().manual_seed(100 + seed) for seed in seeds]

    def draw(epoch):
        return torch.stack([torch.randperm(SAMPLES, generator=g) for g in generators])

    return draw


def stack(seeds):
    return PerceptronStack(SIZES, [torch.Generator().manual_seed(seed) for seed in seeds])


def fast(seeds, images, labels):
    networks = stack(seeds)
    history = train(networks, orders(seeds), images.__getitem__, labels, BATCH, EPOCHS, RATE)
    return networks, history


def plain(seed, images, labels):
    """torch.nn.Linear, DataLoader and default Adam, from the same start and batches."""
    start = stack([seed])
    layers = []
    for index, (inputs, outputs) in enumerate(pairwise(SIZES)):
        layer = torch.nn.Linear(inputs, outputs)
        layer.weight.data.copy_(start.weights[index][0, :inputs, :outputs].T)
        layer.bias.data.copy_(start.biases[index][0, 0, :outputs])
        layers += [layer, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    order, losses, accuracies = orders([seed]), [], []
    for epoch in range(EPOCHS):
        loader = DataLoader(TensorDataset(images, labels), BATCH, sampler=order(epoch)[0].tolist())
        correct = 0
        for batch, target in loader:
            logits = network(batch)
            loss = torch.nn.functional.cross_entropy(logits, target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            correct += (logits.argmax(1) == target).sum().item()
        accuracies.append(100 * correct / SAMPLES)
    return network, np.array(losses).reshape(EPOCHS, -1), np.array(accuracies)


def test_the_stack_trains_each_network_as_the_plain_loop_does(data):
    networks, history = fast([0, 1, 2], *data)
    assert history.batch_loss.shape == (3, EPOCHS, 16)
    for index in range(3):
        network, losses, accuracies = plain(index, *data)
        np.testing.assert_allclose(history.batch_loss[index], losses, rtol=2e-4)
        np.testing.assert_allclose(history.train_accuracy[index], accuracies, atol=100 / SAMPLES)
        weights = networks.weights[0][index].detach().T
        torch.testing.assert_close(weights, network[0].weight.detach(), atol=1e-5, rtol=1e-3)


def test_a_network_does_not_depend_on_its_neighbours(data):
    seeds = list(range(10))
    many, together = fast(seeds, *data)
    for few in ([4], [0, 1, 4], [0, 1, 2, 3, 4]):
        one, alone = fast(few, *data)
        assert np.array_equal(together.batch_loss[4], alone.batch_loss[-1])
        for mine, among_many in zip(one.parameters(), many.parameters(), strict=True):
            assert torch.equal(mine[-1], among_many[4])


def test_accuracy_counts_right_answers(data):
    images, labels = data
    networks = stack([0, 1])
    logits = networks(images.expand(2, -1, -1))
    expected = 100 * (logits.argmax(-1) == labels).double().mean(1).numpy()
    np.testing.assert_allclose(accuracy(networks, images, labels, chunk=50), expected)
