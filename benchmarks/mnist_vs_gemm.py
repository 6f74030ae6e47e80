"""A sweep of ten seeds against the bare matrix products that it cannot do without."""

from __future__ import annotations

import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks import mnist
from benchmarks.measure import compare, interleaved, seconds
from relearn.data.images import Images

SEEDS, PAIRS, LARGEST = 10, 9, 10
SIDE_BY_SIDE, UPDATES, ROUNDS = (1, 2, 5, 10, 20, 40), 100, 5


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time one epoch of the sweep, in one thread, and its products: stacked or one by one.

    The entry's `profile` gives the share of each PyTorch operator in the sweep's own time, and
    `step_ms` the time of one network's update by how many are trained side by side.
    """
    torch.set_num_threads(1)
    data, replicates = mnist.load(), mnist.seeds(SEEDS)
    updates = -(-len(data.train_images) // mnist.BATCH)

    sweep, bare = mnist.engine(replicates, data), Products()
    sweep()

    def products() -> float:
        """Time them both ways and take the faster."""
        ways = (bare.stacked, bare.one_by_one)
        return min(seconds(lambda way=way: way(updates)) for way in ways) / SEEDS

    pairs = interleaved(lambda: seconds(sweep) / SEEDS, products, PAIRS)
    with profile(activities=[ProfilerActivity.CPU]) as found:
        sweep()
    events = found.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    largest = sorted(events, key=lambda event: -event.self_cpu_time_total)[:LARGEST]
    return {
        "mnist_vs_gemm": compare(
            pairs,
            f"seconds of an epoch, a run of {SEEDS} side by side / of its matrix products",
            "<= 1.5",
            profile={event.key: event.self_cpu_time_total / total for event in largest},
            step_ms=step_ms(data),
        )
    }


def step_ms(data: Images) -> dict[int, float]:
    """Return the milliseconds of one network's update for each number trained side by side."""
    samples = UPDATES * mnist.BATCH
    sweeps = {n: mnist.engine(mnist.seeds(n), data, samples=samples) for n in SIDE_BY_SIDE}
    found: dict[int, list[float]] = {n: [] for n in SIDE_BY_SIDE}
    for _ in range(ROUNDS):
        for count, sweep in sweeps.items():
            found[count].append(1000 * seconds(sweep) / (count * UPDATES))
    return {count: statistics.median(spent) for count, spent in found.items()}


class Products:
    """The products of one update: forward, for the weights' gradients, for the inputs' gradients.

    The first layer's inputs need no gradient. Results go to memory that is there already.
    """

    def __init__(self) -> None:
        shapes = list(pairwise(mnist.SIZES))
        batch = mnist.BATCH
        self.x = [torch.randn(SEEDS, batch, inputs) for inputs, _ in shapes]
        self.weights = [torch.randn(SEEDS, inputs, outputs) for inputs, outputs in shapes]
        self.errors = [torch.randn(SEEDS, batch, outputs) for _, outputs in shapes]
        self.y = [torch.empty_like(error) for error in self.errors]
        self.gradients = [torch.empty_like(weight) for weight in self.weights]
        self.back = [torch.empty_like(x) for x in self.x]

    def stacked(self, updates: int) -> None:
        for _ in range(updates):
            for layer, (x, w, d) in enumerate(zip(self.x, self.weights, self.errors, strict=True)):
                torch.bmm(x, w, out=self.y[layer])
                torch.bmm(x.transpose(1, 2), d, out=self.gradients[layer])
                if layer:
                    torch.bmm(d, w.transpose(1, 2), out=self.back[layer])

    def one_by_one(self, updates: int) -> None:
        for seed in range(SEEDS):
            for _ in range(updates):
                for layer, (x, w, d) in enumerate(
                    zip(self.x, self.weights, self.errors, strict=True)
                ):
                    torch.mm(x[seed], w[seed], out=self.y[layer][seed])
                    torch.mm(x[seed].T, d[seed], out=self.gradients[layer][seed])
                    if layer:
                        torch.mm(d[seed], w[seed].T, out=self.back[layer][seed])
