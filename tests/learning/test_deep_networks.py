"""The deep networks against torch.nn, closed forms and themselves alone."""

import math

import pytest
import torch
from torch import nn

from relearn.learning import deep_networks as deep
from relearn.learning.deep_networks import Design

SIZES = [32, 16, 16, 16, 10]
MODULES = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}


def generators(count, first=0):
    return [torch.Generator().manual_seed(first + index) for index in range(count)]


def samples(count, size=24, scale=1.0):
    draw = torch.Generator().manual_seed(9)
    x = scale * torch.randn(count, size, SIZES[0], generator=draw)
    labels = torch.randint(10, (count, size), generator=draw)
    return x, labels


def as_module(network, index, activation):
    """Return network `index` as a torch.nn.Sequential with the same parameters."""
    layers = []
    for number in range(0, len(network), 2):
        weight, bias = network[number][index], network[number + 1][index, 0]
        outputs = 10 if number == len(network) - 2 else len(bias)
        layer = nn.Linear(len(weight), outputs)
        layer.weight.data, layer.bias.data = weight.T[:outputs].clone(), bias[:outputs].clone()
        layers += [layer, MODULES[activation]()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("activation", MODULES)
def test_logits_losses_and_gradients_are_those_of_torch_modules(activation):
    network, (x, labels) = deep.start(SIZES, generators(3), "default"), samples(3)
    found = deep.sums(network, x, Design(activation))
    weights, by_sums = deep.gradient_norms(network, x, labels, Design(activation))
    loss = deep.losses(found[-1], labels)
    for index in range(3):
        module = as_module(network, index, activation).double()
        kept, logits = [], x[index].double()
        for layer in module:
            logits = layer(logits)
            if isinstance(layer, nn.Linear):
                logits.retain_grad()
                kept.append(logits)
        expected = nn.functional.cross_entropy(logits, labels[index])
        expected.backward()
        torch.testing.assert_close(found[-1][index].double(), logits, rtol=1e-4, atol=1e-5)
        assert loss[index].item() == pytest.approx(expected.item(), rel=1e-5)
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        own = [layer.weight.grad.norm().item() for layer in linear]
        assert weights[index].tolist() == pytest.approx(own, rel=1e-9)
        assert by_sums[index].tolist() == pytest.approx([z.grad.norm().item() for z in kept])


def test_starts_have_the_variances_of_their_papers():
    sizes = [512, 256, 10]
    variances = {"default": 1 / (3 * 512), "xavier": 2 / 768, "he": 2 / 512, "unit": 1.0}
    for kind, variance in variances.items():
        weight, bias, last, _ = deep.start(sizes, generators(1), kind)
        assert weight.var().item() == pytest.approx(variance, rel=0.02)
        assert bool(bias.any()) == (kind == "default")
        assert not last[..., 10:].any()


def test_a_linear_regime_decays_as_the_start_says():
    """Tiny sums make tanh the identity: Xavier's start keeps a gradient, He's adds √2 a layer."""
    sizes = [64, *[256] * 8, 10]
    x = 1e-6 * torch.randn(1, 8, 64, generator=torch.Generator().manual_seed(3))
    labels = torch.arange(8)[None]
    rates = {}
    for kind in ("xavier", "he"):
        network = deep.start(sizes, generators(1), kind)
        _, norms = deep.gradient_norms(network, x, labels, Design("tanh"))
        rates[kind] = (norms[0, 0] / norms[0, 7]).log2().item() / 7
    assert rates["xavier"] == pytest.approx(0.0, abs=0.05)
    assert rates["he"] == pytest.approx(0.5, abs=0.05)


def test_batch_norm_is_torchs_and_uses_the_moments_it_is_told_to():
    network, (x, _) = deep.start(SIZES, generators(2), "unit"), samples(2)
    first = deep.sums(network, x, Design("relu", batch_norm=True))[0]
    for index in range(2):
        norm = nn.BatchNorm1d(16, affine=False)
        expected = norm(x[index] @ network[0][index])
        torch.testing.assert_close(first[index], expected, rtol=1e-4, atol=1e-4)
    known = deep.sums(network, x, Design("relu", batch_norm=True), known=20)[-1]
    alone = deep.sums(network, x[:, :20], Design("relu", batch_norm=True))[-1]
    torch.testing.assert_close(known[:, :20], alone)


def test_residual_paths_with_silent_layers_are_the_identity():
    network, (x, _) = deep.start(SIZES, generators(2), "he"), samples(2)
    for layer in (1, 2):
        network[2 * layer].zero_()
    found = deep.sums(network, x, Design("relu", residual=True))[-1]
    short = deep.sums([*network[:2], *network[-2:]], x, Design("relu"))[-1]
    torch.testing.assert_close(found, short)


@pytest.mark.parametrize("adam", [False, True])
def test_training_takes_the_steps_of_torchs_optimisers(adam):
    x, labels = samples(2)
    rates = torch.tensor([0.01, 0.1, 0.01, 0.1])
    orders = torch.stack([torch.randperm(24, generator=g).view(3, 8) for g in generators(2, 5)])
    start = deep.start(SIZES, generators(2), "he")
    network = [values.repeat_interleave(2, 0) for values in start]
    modules = [as_module(network, index, "tanh") for index in range(4)]
    deep.train(network, x, labels, orders, rates, Design("tanh"), adam)
    for index, module in enumerate(modules):
        seed, rate = index // 2, rates[index].item()
        kind = torch.optim.Adam if adam else torch.optim.SGD
        optimiser = kind(module.parameters(), lr=rate)
        for picked in orders[seed]:
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x[seed, picked]), labels[seed, picked]).backward()
            optimiser.step()
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        for number, layer in enumerate(linear):
            own = network[2 * number][index, :, : layer.out_features]
            torch.testing.assert_close(own, layer.weight.T, rtol=1e-3, atol=1e-4)


def test_clipping_bounds_the_length_of_a_step():
    x, labels = samples(1, scale=100.0)
    network = deep.start(SIZES, generators(1), "unit")
    before = [values.clone() for values in network]
    orders = torch.arange(24).view(1, 1, 24)
    deep.train(network, x, labels, orders, torch.tensor([0.5]), Design("relu", clip=2.0))
    pairs = zip(network, before, strict=True)
    moved = math.sqrt(sum((new - old).double().square().sum().item() for new, old in pairs))
    assert moved == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    "design",
    [
        Design("sigmoid"),
        Design("tanh", residual=True),
        Design("relu", batch_norm=True),
        Design("relu", clip=0.1),
    ],
)
def test_a_network_alone_is_to_the_last_bit_the_one_among_others(design):
    x, labels = samples(5)
    orders = torch.stack([torch.randperm(24, generator=g).view(3, 8) for g in generators(5, 5)])

    def results(kept):
        start = deep.start(SIZES, [generators(5)[index] for index in kept], "default")
        norms = torch.cat(deep.gradient_norms(start, x[kept], labels[kept], design), 1)
        network = [values.repeat_interleave(3, 0) for values in start]
        rates = torch.tensor([0.1, 0.3, 1.0]).repeat(len(kept))
        deep.train(network, x[kept], labels[kept], orders[kept], rates, design)
        return norms, deep.evaluate(network, x[kept], labels[kept], design, 16)

    norms, losses = results([0, 1, 2, 3, 4])
    own_norms, own_losses = results([3])
    assert torch.equal(norms[3:4], own_norms)
    assert torch.equal(losses[9:12], own_losses)


def test_evaluation_parts_the_samples():
    network, (x, labels) = deep.start(SIZES, generators(2), "he"), samples(2)
    found = deep.evaluate(network, x, labels, Design("relu"), 16)
    logits = deep.sums(network, x, Design("relu"))[-1]
    for part, columns in enumerate((slice(0, 16), slice(16, None))):
        expected = deep.losses(logits[:, columns], labels[:, columns])
        torch.testing.assert_close(found[:, part], expected)


def test_units_that_are_no_whole_registers_are_refused():
    with pytest.raises(ValueError, match="multiples of 16"):
        deep.start([32, 20, 10], generators(1), "he")
