"""Each layer of a stack is PyTorch's own layer, network by network, and so is its gradient."""

import pytest
import torch

from relearn.learning.stack import (
    BatchNorm,
    Convolution,
    Dropout,
    LeakyReLU,
    Linear,
    MaxPool,
    ReLU,
    Reshape,
    Stack,
    Tanh,
    convolutional,
    padded,
    perceptrons,
    training_multiply_adds,
)

BATCH = 7


def generators(count, first=0):
    return [torch.Generator().manual_seed(first + index) for index in range(count)]


def normal(*shape, seed=9):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def stacked(layer, count=3):
    """The layer as the only one of a stack, so that it has its parameters."""
    Stack([layer], 16, generators(count))
    return layer


def test_padding_goes_to_whole_vector_registers():
    assert [padded(units) for units in (1, 16, 17, 784)] == [16, 16, 32, 784]


def linear(x, weight, bias):
    return x @ weight + bias


def convolution(x, weight, bias):
    return torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), weight, bias, padding=1).permute(
        0, 2, 3, 1
    )


def pool(x):
    return torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def batch_norm(x, scale, shift):
    return torch.nn.functional.batch_norm(
        x, None, None, scale.flatten(), shift.flatten(), training=True
    )


@pytest.mark.parametrize(
    ("layer", "of_one_network", "shape"),
    [
        (Linear(20, 16), linear, (20,)),
        (ReLU(), torch.relu, (16,)),
        (LeakyReLU(), lambda x: torch.nn.functional.leaky_relu(x, 0.2), (16,)),
        (Tanh(), torch.tanh, (16,)),
        (Convolution(2, 5), convolution, (6, 4, 2)),
        (MaxPool(), pool, (6, 4, 3)),
        (Reshape(4, 8), lambda x: x.reshape(-1, 4, 8), (32,)),
        (BatchNorm(16), batch_norm, (16,)),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "forward") else "",
)
def test_forward_and_backward_are_automatic_differentiations(layer, of_one_network, shape):
    if layer.shapes:
        stacked(layer)
        for number, values in enumerate(layer.values):
            values.copy_(normal(*values.shape, seed=number))
    x = normal(3, BATCH, *shape)
    inputs = x.clone().requires_grad_()
    known = [values.clone().requires_grad_() for values in getattr(layer, "values", [])]
    expected = torch.stack(
        [of_one_network(inputs[s], *(values[s] for values in known)) for s in range(3)]
    )
    out = layer.forward(x.clone())
    torch.testing.assert_close(out, expected)
    error = normal(*out.shape, seed=5)
    expected.backward(error)
    torch.testing.assert_close(layer.backward(error, True), inputs.grad, atol=1e-5, rtol=1e-4)
    for gradient, values in zip(getattr(layer, "gradients", []), known, strict=True):
        torch.testing.assert_close(gradient, values.grad, atol=1e-4, rtol=1e-4)


def test_linear_starts_within_its_bound_and_leaves_the_padding_at_zero():
    weight, bias = stacked(Linear(20, 10)).values
    assert weight.shape == (3, 20, 16) and bias.shape == (3, 1, 16)
    for values in (weight, bias):
        assert values.abs().max() <= 20**-0.5 < 1.3 * values.abs().max()
        assert values[..., :10].all() and not values[..., 10:].any()
        assert not torch.equal(values[0], values[1])


def test_max_pool_takes_the_largest_of_four():
    x = torch.arange(16.0).view(1, 1, 4, 4, 1)
    assert MaxPool().forward(x).flatten().tolist() == [5.0, 7.0, 13.0, 15.0]


def test_batch_norm_evaluates_by_running_moments():
    layer, x = stacked(BatchNorm(6), 2), normal(3, 2, 9, 16)
    references = [torch.nn.BatchNorm1d(16) for _ in range(2)]
    for batch in x:
        layer.forward(batch)
        for index, reference in enumerate(references):
            reference(batch[index])
    layer.training = False
    out = layer.forward(x[0])
    for index, reference in enumerate(references):
        torch.testing.assert_close(out[index], reference.eval()(x[0][index]))


def test_dropout_zeroes_its_share_and_scales_the_rest():
    layer = Dropout(0.25, generators(2))
    out = layer.forward(torch.ones(2, 500, 64))
    assert out.unique().tolist() == pytest.approx([0, 4 / 3])
    # Standard deviation of a share of 32,000: 0.0024.
    assert (out == 0).double().mean((1, 2)).tolist() == pytest.approx([0.25, 0.25], abs=0.01)
    assert not torch.equal(out[0], out[1])
    assert torch.equal(layer.backward(torch.ones(2, 500, 64), True), out)


def test_dropout_draws_anew_and_leaves_the_evaluation_alone():
    layer, x = Dropout(0.5, generators(1)), torch.ones(1, 100, 16)
    assert not torch.equal(layer.forward(x), layer.forward(x))
    layer.training = False
    assert torch.equal(layer.forward(x), x)


def test_perceptrons_place_their_layers_in_order():
    networks = perceptrons(
        [8, 4, 3], generators(2), batch_norm=True, dropout=0.5, masks=generators(2, 5)
    )
    names = [type(layer).__name__ for layer in networks.layers]
    assert names == ["Linear", "BatchNorm", "ReLU", "Dropout", "Linear"]
    assert networks.layers[0].values[0].shape == (2, 8, 16)
    assert networks.layers[4].values[1].shape == (2, 1, 16)


def test_dropout_without_masks_and_batch_norm_of_one_sample_are_refused():
    with pytest.raises(ValueError, match="dropout: 0 masks for 2 networks"):
        perceptrons([8, 4, 3], generators(2), dropout=0.5)
    networks = perceptrons([8, 4, 3], generators(2), batch_norm=True)
    networks.train()
    with pytest.raises(ValueError, match="batch normalisation of one sample"):
        networks.forward(normal(2, 1, 8))


def test_padding_classes_have_no_share():
    logits = perceptrons([8, 3], generators(2)).forward(normal(2, 5, 8))
    assert logits.shape == (2, 5, 16)
    shares = torch.softmax(logits, 2)
    assert not shares[..., 3:].any()


def test_convolutional_halves_the_image_with_each_layer():
    networks = convolutional(28, (4, 8), 10, generators(2))
    assert networks.layers[-1].values[0].shape == (2, 8 * 7 * 7, 16)
    assert networks.forward(normal(2, 5, 784)).shape == (2, 5, 16)
    networks.backward(normal(2, 5, 16))
    assert networks.gradients.any(1).all()


def test_training_multiply_adds_count_every_product_with_the_weights():
    forward = 784 * 128 + 128 * 64 + 64 * 10
    assert training_multiply_adds([784, 128, 64, 10]) == 3 * forward - 784 * 128


def test_the_gradient_by_the_images_is_automatic_differentiations():
    networks = Stack(
        [Reshape(24), Linear(24, 20), LeakyReLU(), Linear(20, 3, 32)], 3, generators(2)
    )
    images, error = normal(2, BATCH, 4, 6), normal(2, BATCH, 16, seed=5)
    error[..., 3:] = 0
    inputs = images.clone().requires_grad_()
    first, second = (layer.values for layer in (networks.layers[1], networks.layers[3]))
    hidden = torch.nn.functional.leaky_relu(inputs.flatten(2) @ first[0] + first[1], 0.2)
    (hidden @ second[0] + second[1]).backward(error)
    networks.forward(images)
    torch.testing.assert_close(networks.backward(error, True), inputs.grad)
    stored = networks.gradients.clone()
    assert networks.backward(error) is None
    assert torch.equal(networks.gradients, stored)
