"""Each layer of a stack is PyTorch's own layer, network by network."""

import pytest
import torch

from relearn.learning.stack import (
    BatchNorm,
    Convolution,
    Dropout,
    Linear,
    MaxPool,
    convolutional,
    padded,
    perceptrons,
)


def generators(count, first=0):
    return [torch.Generator().manual_seed(first + index) for index in range(count)]


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(9))


def test_padding_goes_to_whole_vector_registers():
    assert [padded(units) for units in (1, 16, 17, 784)] == [16, 16, 32, 784]


def test_linear_is_linear_and_starts_within_its_bound():
    layer, x = Linear(20, 10, generators(3)), normal(3, 7, 20)
    out = layer(x)
    assert out.shape == (3, 7, 16)
    for index in range(3):
        weight, bias = layer.weight[index, :, :10], layer.bias[index, 0, :10]
        expected = torch.nn.functional.linear(x[index], weight.T, bias)
        torch.testing.assert_close(out[index, :, :10], expected)
        assert weight.abs().max() <= 20**-0.5 < 1.2 * weight.abs().max()
    assert not out[..., 10:].any()
    assert not torch.equal(layer.weight[0], layer.weight[1])


def test_convolution_is_conv2d_network_by_network():
    layer, x = Convolution(2, 5, generators(3)), normal(3, 4, 6, 6, 2)
    for index in range(3):
        expected = torch.nn.functional.conv2d(
            x[index].permute(0, 3, 1, 2), layer.weight[index], layer.bias[index], padding=1
        )
        torch.testing.assert_close(layer(x)[index].permute(0, 3, 1, 2), expected)


def test_max_pool_takes_the_largest_of_four():
    x = torch.arange(16.0).view(1, 1, 4, 4, 1)
    assert MaxPool()(x).flatten().tolist() == [5.0, 7.0, 13.0, 15.0]


def test_batch_norm_is_batch_norm_while_training_and_after():
    layer, x = BatchNorm(6, 2), normal(3, 2, 9, 16)
    references = [torch.nn.BatchNorm1d(16) for _ in range(2)]

    def agree(batch):
        out = layer(batch)
        for index, reference in enumerate(references):
            torch.testing.assert_close(out[index], reference(batch[index]))

    for batch in x:
        agree(batch)
    for each in (layer, *references):
        each.eval()
    agree(x[0])


def test_dropout_zeroes_its_share_and_scales_the_rest():
    layer = Dropout(0.25, generators(2))
    out = layer(torch.ones(2, 500, 64))
    assert out.unique().tolist() == pytest.approx([0, 4 / 3])
    # Standard deviation of a share of 32,000: 0.0024.
    assert (out == 0).double().mean((1, 2)).tolist() == pytest.approx([0.25, 0.25], abs=0.01)
    assert not torch.equal(out[0], out[1])


def test_dropout_draws_anew_and_leaves_the_evaluation_alone():
    layer, x = Dropout(0.5, generators(1)), torch.ones(1, 100, 16)
    assert not torch.equal(layer(x), layer(x))
    layer.eval()
    assert torch.equal(layer(x), x)


def test_perceptrons_place_their_layers_in_order():
    networks = perceptrons(
        [8, 4, 3], generators(2), batch_norm=True, dropout=0.5, masks=generators(2, 5)
    )
    names = [type(layer).__name__ for layer in networks]
    assert names == ["Linear", "BatchNorm", "ReLU", "Dropout", "Linear"]
    assert networks(normal(2, 5, 8)).shape == (2, 5, 3)


def test_convolutional_halves_the_image_with_each_layer():
    networks = convolutional(28, (4, 8), 10, generators(2))
    assert networks[-1].weight.shape == (2, 8 * 7 * 7, 16)
    assert networks(normal(2, 5, 784)).shape == (2, 5, 10)
