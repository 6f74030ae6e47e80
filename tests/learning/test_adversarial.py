"""A conditional GAN: its gradients are autograd's, and it learns to draw what is asked for."""

import pytest
import torch
from torch.nn import functional

from relearn.learning.adversarial import ConditionalGAN, Recipe
from relearn.learning.stack import Linear

PIXELS, CLASSES, BATCH = 32, 3, 12
RECIPE = Recipe(
    noise=5,
    generator=(20,),
    discriminator=(24, 16),
    batch_size=BATCH,
    learning_rate=0.003,
    dropout=0.0,
    smoothing=0.1,
    mismatch=0.2,
    averaging=0.98,
)


def streams(pairs):
    def of(name):
        first = {"generator": 0, "discriminator": 100, "masks": 200, "noise": 300}[name]
        return [torch.Generator().manual_seed(first + pair) for pair in pairs]

    return of


def gan(pairs=(0, 1), **changes):
    return ConditionalGAN(PIXELS, CLASSES, Recipe(**(vars(RECIPE) | changes)), streams(pairs))


def perceptron(stack, values, x):
    """The logits, in automatic differentiation, of one network of a stack of linear layers."""
    linear = [layer for layer in stack.layers if isinstance(layer, Linear)]
    for index, (layer, (weight, bias)) in enumerate(zip(linear, values, strict=True)):
        x = functional.leaky_relu(x, 0.2) if index else x
        x = (x @ weight + bias)[:, : layer.outputs]
        if index < len(linear) - 1:
            x = functional.pad(x, (0, weight.shape[1] - layer.outputs))
    return x


def leaves(stack, pair):
    return [
        [values[pair].clone().requires_grad_() for values in layer.values]
        for layer in stack.layers
        if layer.shapes
    ]


def stored(stack, pair):
    return [[each[pair] for each in layer.gradients] for layer in stack.layers if layer.shapes]


def test_both_gradients_are_those_of_the_two_losses():
    pairs = gan()
    draw = torch.Generator().manual_seed(1)
    real = torch.rand(2, BATCH, PIXELS, generator=draw) * 2 - 1
    labels = torch.randint(CLASSES, (2, BATCH), generator=draw)
    pairs.gradients(real.clone(), labels)
    for pair, noise in enumerate(streams((0, 1))("noise")):
        asked = functional.one_hot(labels[pair], CLASSES).float()
        own_g, own_d = leaves(pairs.generator, pair), leaves(pairs.discriminator, pair)
        z = torch.zeros(BATCH, 16)
        z[:, :5] = torch.randn(BATCH, 5, generator=noise)
        z[:, 5 : 5 + CLASSES] = asked
        fake = torch.tanh(perceptron(pairs.generator, own_g, z))
        on_real = perceptron(pairs.discriminator, own_d, real[pair])
        on_fake = perceptron(pairs.discriminator, own_d, fake)
        entropy = functional.binary_cross_entropy_with_logits
        weight = asked + 0.2 * (1 - asked)
        loss = entropy(on_real, 0.9 * asked, weight, reduction="sum")
        loss = loss + entropy(on_fake, torch.zeros_like(asked), asked, reduction="sum")
        generators = entropy(on_fake, torch.ones_like(asked), asked, reduction="sum")
        for total, known, stack in (
            (loss, own_d, pairs.discriminator),
            (generators, own_g, pairs.generator),
        ):
            flat = [values for layer in known for values in layer]
            expected = torch.autograd.grad(total / BATCH, flat, retain_graph=True)
            found = [each for layer in stored(stack, pair) for each in layer]
            for gradient, reference in zip(found, expected, strict=True):
                torch.testing.assert_close(gradient, reference, atol=1e-6, rtol=1e-4)


def taught(pairs, steps=300, **changes):
    """Train on three stripes, one a class, each at a brightness of its own."""
    networks = gan(pairs, **changes)
    draw = torch.Generator().manual_seed(2)
    labels = torch.arange(60) % CLASSES
    images = -torch.ones(60, PIXELS)
    bright = torch.rand(60, generator=draw)
    for index, label in enumerate(labels):
        images[index, 8 * label : 8 * label + 8] = bright[index]
    orders = torch.stack(
        [
            torch.randint(60, (steps * BATCH,), generator=torch.Generator().manual_seed(pair))
            for pair in pairs
        ]
    )
    networks.learn(orders, lambda indices: images[indices], labels)
    return networks


def drawn(networks, pairs):
    labels = (torch.arange(30) % CLASSES).expand(len(pairs), -1)
    noise = [torch.Generator().manual_seed(900 + pair) for pair in pairs]
    return labels, networks.images(labels, noise)


def test_it_draws_what_it_is_asked_for():
    labels, images = drawn(taught((0, 1), steps=1500, dropout=0.2), (0, 1))
    assert images.shape == (2, 30, PIXELS) and images.dtype == torch.uint8
    stripes = images[..., :24].double().unflatten(2, (CLASSES, 8)).mean(3)
    assert (stripes.argmax(2) == labels).double().mean() > 0.9


def test_a_pair_is_the_one_it_would_be_alone():
    together, alone = (taught(pairs, dropout=0.2) for pairs in ((0, 1, 2), (1,)))
    assert torch.equal(together.averaged[1], alone.averaged[0])
    assert torch.equal(together.discriminator.values[1], alone.discriminator.values[0])
    assert torch.equal(drawn(together, (0, 1, 2))[1][1], drawn(alone, (1,))[1][0])


def test_images_are_drawn_with_the_average_and_leave_the_networks_alone():
    networks = taught((0,), steps=20)
    before = networks.generator.values.clone()
    _, averaged = drawn(networks, (0,))
    assert torch.equal(networks.generator.values, before)
    networks.averaged.copy_(before)
    assert not torch.equal(drawn(networks, (0,))[1], averaged)


def test_pixels_that_need_a_padding_are_refused():
    with pytest.raises(ValueError, match="30 pixels: give a multiple of 16"):
        ConditionalGAN(30, CLASSES, RECIPE, streams((0,)))
