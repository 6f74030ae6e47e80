"""Networks of one hidden layer and several widths, from one input to one output, trained at once.

All units of a replicate's networks stand side by side in one layer; a mask lets each unit reach
its own network's output only, so nothing mixes the networks. Units and outputs are padded to whole
vector registers, for the reason in `stack`; what is padding stays zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from relearn.learning.stack import padded


class WidthStack(torch.nn.Module):
    """S × len(widths) networks x → v · f(w x + c) + b.

    Each unit starts with its middle (where w x + c = 0) uniform in [-1, 1], the inputs' interval,
    and its outgoing weight normal with variance 1 / width.

    Args:
        widths: units of each network.
        activation: "identity", "sigmoid", "tanh", "relu" or "leaky_relu".
        alpha: the leaky ReLU's slope below 0.
        generators: one a replicate; each draws the start of all its networks.
        steepness: upper end of the starting |w|, uniform from 1 with a random sign.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: str,
        alpha: float,
        generators: Sequence[torch.Generator],
        steepness: float,
    ):
        super().__init__()
        self.widths, self.activation, self.alpha = list(widths), activation, alpha
        count, units = len(generators), sum(widths)
        rows, columns = padded(units), padded(len(widths))
        owner = torch.repeat_interleave(torch.arange(len(widths)), torch.tensor(self.widths))
        mask = torch.zeros(rows, columns)
        mask[torch.arange(units), owner] = 1
        self.register_buffer("mask", mask)
        inner, shift = torch.zeros(count, 1, rows), torch.zeros(count, 1, rows)
        outer = torch.zeros(count, rows, columns)
        spread = torch.tensor(self.widths)[owner] ** -0.5
        for index, generator in enumerate(generators):
            drawn = torch.rand(3, units, generator=generator)
            sign = torch.where(drawn[0] < 0.5, -1.0, 1.0)
            inner[index, 0, :units] = sign * (1 + (steepness - 1) * drawn[1])
            shift[index, 0, :units] = -inner[index, 0, :units] * (2 * drawn[2] - 1)
            normal = torch.randn(units, generator=generator)
            outer[index, torch.arange(units), owner] = normal * spread
        self.inner, self.shift = torch.nn.Parameter(inner), torch.nn.Parameter(shift)
        self.outer = torch.nn.Parameter(outer)
        self.bias = torch.nn.Parameter(torch.zeros(count, 1, columns))

    def hidden(self, x: torch.Tensor) -> torch.Tensor:
        """Return all units' activations (S, n, units) at x (n, 1), the padding included."""
        sums = x * self.inner + self.shift
        if self.activation == "identity":
            return sums
        if self.activation == "leaky_relu":
            return torch.nn.functional.leaky_relu(sums, self.alpha)
        return getattr(torch, self.activation)(sums)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return outputs (S, n, networks) at x (n, 1), one a width and then the padding."""
        return torch.baddbmm(self.bias, self.hidden(x), self.outer * self.mask)


def train(stack: WidthStack, x: torch.Tensor, y: torch.Tensor, rate: float, steps: int) -> None:
    """Fit y (S, n, 1) at x (n, 1) with Adam on all points at once; the rate falls to 0 as a cosine.

    The loss is the sum of the networks' mean squared errors, so each gets its own gradient.
    """
    optimizer = torch.optim.Adam(stack.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    count = len(stack.widths)
    for _ in range(steps):
        optimizer.zero_grad()
        error = stack(x)[..., :count] - y
        (error.square().sum() / len(x)).backward()
        optimizer.step()
        schedule.step()
