"""The stacked trainer is the plain DataLoader loop, network by network."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from tests_support import fresh_python
from torch.utils.data import DataLoader, TensorDataset

from relearn.learning.stack import Linear, convolutional, perceptrons
from relearn.learning.training import Recipe, accuracy, predictions, train

SIZES = [784, 128, 64, 10]
SAMPLES, BATCH, EPOCHS, RATE = 1000, 64, 2, 0.001
CONSTANT = Recipe(BATCH, EPOCHS, RATE)


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
    return perceptrons(SIZES, generators(seeds))


def generators(seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def fast(seeds, images, labels, recipe=CONSTANT, build=stack):
    networks = build(seeds)
    history = train(networks, orders(seeds), images.__getitem__, labels, recipe)
    return networks, history


def plain(seed, images, labels, optimiser_of=None, schedule_of=None):
    """torch.nn.Linear, DataLoader and default Adam, from the same start and batches."""
    start = [layer for layer in stack([seed]).layers if isinstance(layer, Linear)]
    layers = []
    for mine, (inputs, outputs) in zip(start, pairwise(SIZES), strict=True):
        layer = torch.nn.Linear(inputs, outputs)
        layer.weight.data.copy_(mine.values[0][0, :inputs, :outputs].T)
        layer.bias.data.copy_(mine.values[1][0, 0, :outputs])
        layers += [layer, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimiser = (optimiser_of or torch.optim.Adam)(network.parameters(), lr=RATE)
    schedule = schedule_of(optimiser) if schedule_of else None
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
            if schedule:
                schedule.step()
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
        weights = networks.layers[0].values[0][index].T
        torch.testing.assert_close(weights, network[0].weight.detach(), atol=1e-5, rtol=1e-3)


UPDATES = EPOCHS * -(-SAMPLES // BATCH)
SCHEDULERS = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("changes", "optimiser_of", "schedule_of"),
    [
        ({"l2": 0.1}, partial(torch.optim.Adam, weight_decay=0.1), None),
        ({"weight_decay": 5.0}, partial(torch.optim.AdamW, weight_decay=5.0), None),
        ({"schedule": "cosine"}, None, lambda o: SCHEDULERS.CosineAnnealingLR(o, UPDATES)),
        ({"schedule": "one_cycle"}, None, lambda o: SCHEDULERS.OneCycleLR(o, RATE, UPDATES)),
    ],
    ids=["l2", "weight_decay", "cosine", "one_cycle"],
)
def test_decay_and_schedule_are_those_of_the_plain_loop(data, changes, optimiser_of, schedule_of):
    _, history = fast([0, 1], *data, replace(CONSTANT, **changes))
    _, losses, _ = plain(1, *data, optimiser_of, schedule_of)
    np.testing.assert_allclose(history.batch_loss[1], losses, rtol=1e-3)
    _, unchanged, _ = plain(1, *data)
    assert np.abs(history.batch_loss[1] - unchanged).max() > 0.01


def test_the_two_decays_exclude_each_other(data):
    with pytest.raises(ValueError, match="l2 and weight_decay"):
        fast([0], *data, replace(CONSTANT, l2=0.1, weight_decay=0.1))


def regularised(seeds):
    masks = generators(1000 + seed for seed in seeds)
    return perceptrons(SIZES, generators(seeds), batch_norm=True, dropout=0.3, masks=masks)


def images_through_windows(seeds):
    return convolutional(28, (4, 8), 10, generators(seeds))


@pytest.mark.parametrize("build", [stack, regularised, images_through_windows])
def test_a_network_does_not_depend_on_its_neighbours(data, build):
    seeds = list(range(10))
    recipe = replace(CONSTANT, epochs=1 if build is images_through_windows else EPOCHS)
    many, together = fast(seeds, *data, recipe, build)
    for few in ([4], [0, 1, 4], [0, 1, 2, 3, 4]):
        one, alone = fast(few, *data, recipe, build)
        assert np.array_equal(together.batch_loss[4], alone.batch_loss[-1])
        assert torch.equal(one.values[-1], many.values[4])


def test_accuracy_counts_right_answers(data):
    images, labels = data
    networks = stack([0, 1])
    indices = torch.stack([torch.arange(0, SAMPLES, 2), torch.arange(1, SAMPLES, 2)])
    logits = networks.forward(images[indices])
    expected = 100 * (logits.argmax(-1) == labels[indices]).double().mean(1).numpy()
    found = accuracy(networks, images.__getitem__, labels, indices)
    np.testing.assert_allclose(found, expected)


def test_predictions_are_the_largest_logits_whatever_the_chunk(data):
    images, _ = data
    networks = stack([0, 1])
    indices = torch.stack([torch.arange(SAMPLES), torch.arange(SAMPLES).flip(0)])
    expected = networks.forward(images[indices]).argmax(-1)
    for chunk in (1, 7, SAMPLES):
        assert torch.equal(predictions(networks, images.__getitem__, indices, chunk), expected)


def test_training_flushes_denormals_and_leaves_the_thread_as_it_was(data):
    tiny = torch.tensor([1e-39])
    seen = []

    def orders_that_look(epoch):
        seen.append((tiny * 1).item())
        return orders([0])(epoch)

    train(stack([0]), orders_that_look, data[0].__getitem__, data[1], CONSTANT)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush denormals")
    torch.set_flush_denormal(False)
    assert seen == [0.0] * EPOCHS
    assert (tiny * 1).item() > 0


def test_flushing_leaves_other_threads_and_an_earlier_choice_alone():
    code = (
        "import torch\n"
        "from relearn.learning.training import flushed_denormals\n"
        "torch.set_num_threads(2)\n"
        "with flushed_denormals():\n"
        "    torch.ones(4_000_000) * 2\n"
        "print(torch.get_num_threads(), int((torch.full((4_000_000,), 1e-39) * 1 == 0).sum()))\n"
        "torch.set_flush_denormal(True)\n"
        "with flushed_denormals():\n"
        "    pass\n"
        "print((torch.tensor([1e-39]) * 1).item())\n"
    )
    assert fresh_python(code).splitlines() == ["2 0", "0.0"]


@pytest.mark.parametrize("samples", [40, 64, 130])
def test_the_last_batch_of_an_epoch_may_be_smaller(data, samples):
    images, labels = data
    order = torch.arange(samples).expand(1, -1)
    history = train(
        stack([0]), lambda epoch: order, images.__getitem__, labels, replace(CONSTANT, epochs=1)
    )
    assert history.batch_loss.shape == (1, 1, -(-samples // BATCH))
    start = stack([0])
    expected = torch.nn.functional.cross_entropy(
        start.forward(images[order[:, :BATCH]])[0], labels[: min(samples, BATCH)]
    )
    assert history.batch_loss[0, 0, 0] == pytest.approx(expected.item(), rel=1e-5)
