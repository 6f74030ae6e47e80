"""Each network of a stack is the network that it would be alone."""

import numpy as np
import pytest
import torch

from relearn.learning import width_stack


def stack(widths, activation="tanh", count=2):
    generators = [torch.Generator().manual_seed(index) for index in range(count)]
    return width_stack.WidthStack(widths, activation, 0.1, generators, 4.0)


@pytest.mark.parametrize(
    "activation, function",
    [
        ("identity", lambda z: z),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("relu", lambda z: np.maximum(z, 0)),
        ("leaky_relu", lambda z: np.where(z > 0, z, 0.1 * z)),
    ],
)
def test_output_by_a_plain_loop(activation, function):
    networks, x = stack([2, 3], activation), torch.linspace(-1, 1, 7)[:, None]
    output = networks(x).detach().numpy()
    inner, shift, outer = (
        value.detach().numpy() for value in (networks.inner, networks.shift, networks.outer)
    )
    for column, units in ((0, [0, 1]), (1, [2, 3, 4])):
        expected = sum(
            outer[1, unit, column]
            * function(x[:, 0].numpy() * inner[1, 0, unit] + shift[1, 0, unit])
            for unit in units
        )
        np.testing.assert_allclose(output[1, :, column], expected, atol=1e-5)


def test_units_start_with_their_middles_inside_the_interval():
    networks = stack([16])
    middles = (-networks.shift / networks.inner).detach()[..., :16]
    assert middles.abs().max() <= 1
    assert 1 <= networks.inner.detach()[..., :16].abs().min()
    assert networks.inner.detach().abs().max() <= 4


def test_training_lowers_the_loss_and_leaves_padding_and_other_networks_alone():
    networks, x = stack([2, 3]), torch.linspace(-1, 1, 16)[:, None]
    y = torch.sin(3 * x).expand(2, -1, -1)
    before = (networks(x)[..., :2] - y).square().mean().item()
    width_stack.train(networks, x, y, rate=0.02, steps=300)
    assert (networks(x)[..., :2] - y).square().mean().item() < before / 10
    outside = networks.outer.detach() * (1 - networks.mask)
    assert outside.abs().max() == 0
    assert networks(x).detach()[..., 2:].abs().max() == 0
