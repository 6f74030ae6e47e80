"""Batch norm, convolutions, both decays and schedules together train as torch.nn's do."""

import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler

from relearn.learning.stack import Convolution, Linear, convolutional, perceptrons
from relearn.learning.training import Recipe, train

SAMPLES, BATCH, EPOCHS, RATE, SEEDS, MINE = 96, 16, 3, 0.003, 3, 1
UPDATES = EPOCHS * SAMPLES // BATCH
IMAGES = torch.randn(SAMPLES, 784, generator=torch.Generator().manual_seed(1))
LABELS = torch.randint(10, (SAMPLES,), generator=torch.Generator().manual_seed(2))


def orders(epoch):
    generators = [torch.Generator().manual_seed(10 * epoch + seed) for seed in range(SEEDS)]
    return torch.stack([torch.randperm(SAMPLES, generator=g) for g in generators])


def starts():
    return [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]


def linear(layer, inputs, outputs):
    copy = nn.Linear(inputs, outputs)
    copy.weight.data.copy_(layer.values[0][MINE, :inputs, :outputs].T)
    copy.bias.data.copy_(layer.values[1][MINE, 0, :outputs])
    return copy


def losses_by_autograd(network, optimiser, scheduler):
    losses = []
    for epoch in range(EPOCHS):
        for picks in orders(epoch)[MINE].split(BATCH):
            loss = nn.functional.cross_entropy(network(IMAGES[picks]), LABELS[picks])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            scheduler.step()
            losses.append(loss.item())
    return losses


def losses_of_engine(networks, recipe):
    history = train(networks, orders, IMAGES.__getitem__, LABELS, recipe)
    return history.batch_loss[MINE].ravel()


def test_batch_norm_with_decoupled_decay_and_one_cycle():
    sizes = [784, 40, 20, 10]  # widths that are padded
    networks = perceptrons(sizes, starts(), batch_norm=True)
    layers = [layer for layer in networks.layers if isinstance(layer, Linear)]
    copies = [linear(layer, *sizes[i : i + 2]) for i, layer in enumerate(layers)]
    norms = [nn.BatchNorm1d(40), nn.BatchNorm1d(20)]
    network = nn.Sequential(
        copies[0], norms[0], nn.ReLU(), copies[1], norms[1], nn.ReLU(), copies[2]
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.1)
    scheduler = lr_scheduler.OneCycleLR(optimiser, RATE, UPDATES)
    expected = losses_by_autograd(network, optimiser, scheduler)
    found = losses_of_engine(networks, Recipe(BATCH, EPOCHS, RATE, "one_cycle", weight_decay=0.1))
    np.testing.assert_allclose(found, expected, atol=5e-6)


class Convolutions(nn.Module):
    def __init__(self, networks):
        super().__init__()
        first, second = (each for each in networks.layers if isinstance(each, Convolution))
        self.first, self.second = nn.Conv2d(1, 5, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1)
        for copy, layer in ((self.first, first), (self.second, second)):
            copy.weight.data.copy_(layer.values[0][MINE])
            copy.bias.data.copy_(layer.values[1][MINE])
        self.last = linear(networks.layers[-1], 147, 10)

    def forward(self, images):
        x = images.view(-1, 1, 28, 28)
        for convolution in (self.first, self.second):
            x = nn.functional.max_pool2d(convolution(x).relu(), 2)
        return self.last(x.permute(0, 2, 3, 1).flatten(1))


def test_convolutions_with_a_penalty_and_a_cosine():
    networks = convolutional(28, [5, 3], 10, starts())
    network = Convolutions(networks)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE, weight_decay=0.1)
    scheduler = lr_scheduler.CosineAnnealingLR(optimiser, UPDATES)
    expected = losses_by_autograd(network, optimiser, scheduler)
    found = losses_of_engine(networks, Recipe(BATCH, EPOCHS, RATE, "cosine", l2=0.1))
    np.testing.assert_allclose(found, expected, atol=5e-6)
