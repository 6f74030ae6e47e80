"""Networks of one shape, one a seed, stacked on a batch axis, with their own backward passes.

S networks cost little more than one because their small matrix products run as one batched
product; nothing mixes the networks, so each is the network it would be alone. To the last bit,
too: units are padded with zeros to whole vector registers, because elementwise code rounds its
scalar remainder in another way, and where the remainder falls would depend on S. The padding's
outputs and gradients are zero and stay so.

Automatic differentiation would double a small network's step.
Here each layer writes its parameters' gradients where they stay, in one block of memory for all of
them, so that Adam is one call.

Every layer maps (S, B, ...) to (S, B, ...): S networks, B samples of each. `forward` keeps what
`backward` needs; `backward` takes the loss's gradient by the outputs, stores those by the
parameters, and returns the one by the inputs, or None if that is not wanted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

LANES = 16  # float32 values in the widest vector register
Generators = Sequence[torch.Generator]


def padded(units: int) -> int:
    """Return `units` rounded up to whole vector registers."""
    return -(-units // LANES) * LANES


class Layer:
    """A layer without parameters that keeps nothing.

    Attributes:
        shapes: of one network's parameters; `values` and `gradients` hold (S, *shape) for each.
        training: whether batches are for learning, not for evaluation.
    """

    shapes: Sequence[tuple[int, ...]] = ()
    training = True
    values: list[torch.Tensor]
    gradients: list[torch.Tensor]

    def start(self, generators: Generators) -> None:
        """Draw the parameters' start, each network's from its own generator."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor | None:
        raise NotImplementedError


class Linear(Layer):
    """Fully connected, (S, B, padded inputs) to (S, B, padded outputs).

    Starts in PyTorch's default way for torch.nn.Linear: weights, then biases, uniform in
    ±1/√inputs.

    Args:
        inputs, outputs: units.
        width: inputs with their padding; absent, there is none.
    """

    def __init__(self, inputs: int, outputs: int, width: int | None = None):
        self.inputs, self.outputs = inputs, outputs
        self.shapes = [(width or inputs, padded(outputs)), (1, padded(outputs))]

    def start(self, generators: Generators) -> None:
        bound = self.inputs**-0.5
        weight, bias = self.values
        for index, generator in enumerate(generators):
            drawn = torch.empty(self.inputs, self.outputs).uniform_(
                -bound, bound, generator=generator
            )
            weight[index, : self.inputs, : self.outputs] = drawn
            drawn = torch.empty(self.outputs).uniform_(-bound, bound, generator=generator)
            bias[index, 0, : self.outputs] = drawn

    def unpadded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return weights (S, outputs, inputs) and biases (S, outputs), as torch.nn.Linear's."""
        weight, bias = self.values
        return weight[:, : self.inputs, : self.outputs].mT, bias[:, 0, : self.outputs]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.x = x
        return torch.baddbmm(self.values[1], x, self.values[0])

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor | None:
        torch.bmm(self.x.mT, error, out=self.gradients[0])
        torch.sum(error, 1, keepdim=True, out=self.gradients[1])
        return torch.bmm(error, self.values[0].mT) if wanted else None


class ReLU(Layer):
    """max(x, 0), in the memory of x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.y = x.relu_()
        return self.y

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        return torch.ops.aten.threshold_backward.default(error, self.y, 0)


class LeakyReLU(Layer):
    """x above 0 and `slope` times x below, in the memory of x (Maas et al., 2013)."""

    def __init__(self, slope: float = 0.2):
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.y = functional.leaky_relu_(x, self.slope)
        return self.y

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        return torch.ops.aten.leaky_relu_backward.default(error, self.y, self.slope, True)


class Tanh(Layer):
    """tanh x, in the memory of x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.y = x.tanh_()
        return self.y

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        return torch.ops.aten.tanh_backward.default(error, self.y)


class Convolution(Layer):
    """3 × 3 with a black border, (S, B, h, w, c) to (S, B, h, w, channels).

    One network after the other: side by side, as groups of one convolution, is no faster, and
    rounds according to S. Channels come last, the order in which a processor convolves fastest.
    """

    def __init__(self, inputs: int, channels: int):
        self.bound = (9 * inputs) ** -0.5
        self.shapes = [(channels, inputs, 3, 3), (channels,)]

    def start(self, generators: Generators) -> None:
        for index, generator in enumerate(generators):
            for values in self.values:
                drawn = torch.empty(values.shape[1:])
                values[index] = drawn.uniform_(-self.bound, self.bound, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.x = x.movedim(-1, 2)
        each = zip(self.x, *self.values, strict=True)
        outs = [functional.conv2d(image, weight, bias, padding=1) for image, weight, bias in each]
        return torch.stack([out.movedim(1, -1) for out in outs])

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor | None:
        torch.sum(error, (1, 2, 3), out=self.gradients[1])
        error = error.movedim(-1, 2)
        weights = self.values[0]
        for x, each, gradient in zip(self.x, error, self.gradients[0], strict=True):
            gradient.copy_(conv2d_weight(x, weights.shape[1:], each, padding=1))
        if not wanted:
            return None
        each = zip(self.x, weights, error, strict=True)
        back = [conv2d_input(x.shape, weight, part, padding=1) for x, weight, part in each]
        return torch.stack([part.movedim(1, -1) for part in back])


class MaxPool(Layer):
    """The largest of each 2 × 2 pixels, (S, B, h, w, c) to (S, B, h / 2, w / 2, c)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.x = x.flatten(0, 1).movedim(-1, 1)
        pooled, self.picked = functional.max_pool2d(self.x, 2, return_indices=True)
        return pooled.movedim(1, -1).unflatten(0, x.shape[:2])

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        count = error.shape[:2]
        back = torch.ops.aten.max_pool2d_with_indices_backward.default(
            error.flatten(0, 1).movedim(-1, 1),
            self.x,
            [2, 2],
            [2, 2],
            [0, 0],
            [1, 1],
            False,
            self.picked,
        )
        return back.movedim(1, -1).unflatten(0, count)


class Reshape(Layer):
    """(S, B, ...) to (S, B, *shape)."""

    def __init__(self, *shape: int):
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.before = x.shape
        return x.reshape(*x.shape[:2], *self.shape)

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        return error.reshape(self.before)


class BatchNorm(Layer):
    """Batch normalisation (Ioffe and Szegedy, 2015) of each unit over its network's batch.

    As torch.nn.BatchNorm1d: the batch's own moments in training, running ones in evaluation.
    """

    def __init__(self, units: int, momentum: float = 0.1, epsilon: float = 1e-5):
        self.momentum, self.epsilon = momentum, epsilon
        self.shapes = [(1, padded(units)), (1, padded(units))]

    def start(self, generators: Generators) -> None:
        self.values[0].fill_(1)
        self.mean = torch.zeros_like(self.values[0])
        self.variance = torch.ones_like(self.values[0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, variance = self.mean, self.variance
        if self.training:
            if x.shape[1] == 1:
                raise ValueError("batch normalisation of one sample: choose another batch size")
            variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
            self.mean.lerp_(mean, self.momentum)
            unbiased = variance * (x.shape[1] / (x.shape[1] - 1))
            self.variance.lerp_(unbiased, self.momentum)
        self.over_deviation = torch.rsqrt(variance + self.epsilon)
        self.x = (x - mean).mul_(self.over_deviation)
        return torch.addcmul(self.values[1], self.x, self.values[0])

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        torch.sum(error * self.x, 1, keepdim=True, out=self.gradients[0])
        torch.sum(error, 1, keepdim=True, out=self.gradients[1])
        along = (self.gradients[1] + self.x * self.gradients[0]) / error.shape[1]
        return (error - along).mul_(self.values[0] * self.over_deviation)


class Dropout(Layer):
    """Inverted dropout (Srivastava et al., 2014), each network's mask from its own generator."""

    def __init__(self, rate: float, generators: Generators):
        self.keep, self.generators = 1 - rate, generators

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        drawn = torch.empty_like(x, device=self.generators[0].device)
        for part, generator in zip(drawn, self.generators, strict=True):
            part.uniform_(generator=generator)
        self.mask = ((drawn < self.keep) / self.keep).to(x.device)
        return x * self.mask

    def backward(self, error: torch.Tensor, wanted: bool) -> torch.Tensor:
        return error * self.mask


class Stack:
    """S networks: images (S, B, inputs) to logits (S, B, padded classes).

    Attributes:
        layers: from the images to the logits.
        classes: the outputs that are not padding.
        values, gradients: (S, P) all parameters of each network, padding included.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        classes: int,
        generators: Generators,
        device: torch.device | str = "cpu",
    ):
        self.layers, self.classes = list(layers), classes
        size = padded(sum(math.prod(shape) for layer in layers for shape in layer.shapes))
        self.values = torch.zeros(len(generators), size, device=device)
        self.gradients = torch.zeros_like(self.values)
        first = 0
        for layer in layers:
            layer.values, layer.gradients = [], []
            for shape in layer.shapes:
                part = slice(first, first + math.prod(shape))
                layer.values.append(self.values[:, part].unflatten(1, shape))
                layer.gradients.append(self.gradients[:, part].unflatten(1, shape))
                first = part.stop
            layer.start(generators)
        self.lowest = next(index for index, layer in enumerate(layers) if layer.shapes)

    def train(self, training: bool = True) -> None:
        """Say whether the next batches are for learning or for evaluation."""
        for layer in self.layers:
            layer.training = training

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits; a padding class gets -inf, and so no share of a softmax."""
        x = images
        for layer in self.layers:
            x = layer.forward(x)
        x[..., self.classes :].fill_(-math.inf)
        return x

    def backward(self, error: torch.Tensor, wanted: bool = False) -> torch.Tensor | None:
        """Store the gradients, given the loss's gradient (S, B, padded classes) by the logits.

        Returns:
            The gradient (S, B, inputs) by the images if that is wanted, else None.
        """
        lowest = 0 if wanted else self.lowest
        for index in range(len(self.layers) - 1, lowest - 1, -1):
            error = self.layers[index].backward(error, wanted or index > lowest)
        return error


def perceptrons(
    sizes: Sequence[int],
    generators: Generators,
    device: torch.device | str = "cpu",
    batch_norm: bool = False,
    dropout: float = 0.0,
    masks: Generators = (),
) -> Stack:
    """Return multilayer perceptrons with ReLU.

    Args:
        sizes: units of each layer, inputs first, classes last.
        generators: one a network, for its start; on the processor.
        device: where the networks are to be.
        batch_norm: normalise each hidden layer's sums before the ReLU.
        dropout: share of each hidden layer's outputs that is zeroed in training.
        masks: one a network, for what is zeroed, on any device; needed if dropout is not 0.
    """
    if dropout and len(masks) != len(generators):
        raise ValueError(f"dropout: {len(masks)} masks for {len(generators)} networks")
    layers: list[Layer] = []
    width = sizes[0]
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers.append(Linear(inputs, outputs, width))
        width = padded(outputs)
        if index < len(sizes) - 2:
            if batch_norm:
                layers.append(BatchNorm(outputs))
            layers.append(ReLU())
            if dropout:
                layers.append(Dropout(dropout, masks))
    return Stack(layers, sizes[-1], generators, device)


def training_multiply_adds(sizes: Sequence[int]) -> int:
    """Return the multiply-adds of one image in an update of a perceptron of these sizes.

    The products with the weights: forward, for their gradients, and, but for the first layer, back
    to its inputs.
    """
    first, *others = (inputs * outputs for inputs, outputs in pairwise(sizes))
    return 2 * first + 3 * sum(others)


def convolutional(
    side: int,
    channels: Sequence[int],
    classes: int,
    generators: Generators,
    device: torch.device | str = "cpu",
) -> Stack:
    """Return small convolutional networks of grey images (S, B, side²).

    Each of `channels` is a convolution, ReLU and 2 × 2 pooling; a linear layer comes last.
    """
    layers: list[Layer] = [Reshape(side, side, 1)]
    inputs = 1
    for outputs in channels:
        layers += [Convolution(inputs, outputs), ReLU(), MaxPool()]
        inputs, side = outputs, side // 2
    features = inputs * side * side
    return Stack(
        [*layers, Reshape(features), Linear(features, classes)], classes, generators, device
    )
