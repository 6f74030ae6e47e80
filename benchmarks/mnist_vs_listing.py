"""Listing 10.6's training loop against the engine, one run and a sweep of ten seeds."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import mnist
from benchmarks.measure import compare, interleaved, seconds
from relearn.runs.seeds import Seed

SEEDS, PAIRS, PAIRS_AT_DEFAULT_THREADS, CORES = 10, 7, 3, 2


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time epochs of all 60,000 images, and compare test accuracies after ten of them.

    The listing at its default threads runs beside nothing else; every other side has one thread
    a process.
    """
    data, loader = mnist.load(), mnist.listing_loader(folder)
    replicates = mnist.seeds(SEEDS)
    default_threads = torch.get_num_threads()

    def listing(threads: int = 1) -> float:
        network = mnist.plain_network(replicates[0])
        optimiser = torch.optim.Adam(network.parameters(), lr=mnist.RATE)
        torch.set_num_threads(threads)
        spent = seconds(lambda: mnist.listing_epoch(network, optimiser, loader))
        torch.set_num_threads(1)
        return spent

    def single() -> float:
        return seconds(mnist.engine(replicates[:1], data))

    torch.set_num_threads(1)
    entries = {
        "mnist_vs_listing": compare(
            interleaved(listing, single, PAIRS),
            "seconds of the listing's epoch / of the engine's, one run, one thread each",
            ">= 13",
        ),
        "mnist_vs_listing_default_threads": compare(
            interleaved(lambda: listing(default_threads), single, PAIRS_AT_DEFAULT_THREADS),
            f"the same, the listing at its default of {default_threads} threads",
            "",
        ),
    }
    shares = [list(part) for part in np.array_split(np.arange(SEEDS), CORES)]
    with ProcessPoolExecutor(len(shares), get_context("spawn"), _one_thread) as workers:
        list(workers.map(_epoch, shares))  # imports and the first touch of the data, untimed

        def sweep() -> float:
            """From the first core's start to the last one's end, the networks being made."""
            starts, ends = zip(*workers.map(_epoch, shares), strict=True)
            return (max(ends) - min(starts)) / SEEDS

        entries["mnist_vs_listing_sweep"] = compare(
            interleaved(listing, sweep, PAIRS),
            f"seconds of the listing's epoch, on one core / of the engine's, a run of {SEEDS} "
            f"on {CORES} cores",
            ">= 25",
        )
        plain = list(workers.map(_plain_accuracy, replicates))
        ours = np.concatenate(list(workers.map(_accuracy, shares)))
    difference = ours - plain
    error = mnist.standard_error(difference)
    entries["mnist_accuracy"] = compare(
        [(abs(float(difference.mean())), error)],
        f"mean difference of test accuracy from the plain loop / its standard error, {SEEDS} seeds",
        "<= 1",
        engine=float(ours.mean()),
        plain=float(np.mean(plain)),
        standard_error=error,
    )
    return entries


def _one_thread() -> None:
    torch.set_num_threads(1)


def _epoch(numbers: list[int]) -> tuple[float, float]:
    """Return the readings of the machine's clock before and after training."""
    training = mnist.engine([mnist.seeds(SEEDS)[number] for number in numbers], mnist.load())
    start = time.monotonic()
    training()
    return start, time.monotonic()


def _accuracy(numbers: list[int]) -> np.ndarray:
    data, replicates = mnist.load(), [mnist.seeds(SEEDS)[number] for number in numbers]
    return mnist.test_accuracy(mnist.engine(replicates, data, mnist.EPOCHS)(), data)


def _plain_accuracy(seed: Seed) -> float:
    """Return the accuracy of the listing's loop on images in memory, in the engine's order."""
    data = mnist.load()
    pictures = torch.from_numpy(data.standardise(data.train_images))
    target = mnist.labels(data.train_labels)
    network = mnist.plain_network(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=mnist.RATE)
    order = mnist.shuffles([seed], len(pictures))
    for epoch in range(mnist.EPOCHS):
        picks = order(epoch)[0].split(mnist.BATCH)
        mnist.listing_epoch(network, optimiser, ((pictures[p], target[p]) for p in picks))
    with torch.no_grad():
        test = torch.from_numpy(data.standardise(data.test_images))
        right = network(test).argmax(1) == mnist.labels(data.test_labels)
    return 100 * float(right.double().mean())
