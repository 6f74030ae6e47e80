"""Generative adversarial networks that draw images of a class that is asked for.

A generator turns noise and a class into an image; a discriminator says, with a logit for each
class, whether an image is a real one of that class (Goodfellow et al., 2014; one logit a class, of
which the asked one counts, is the projection of Miyato and Koyama, 2018, on fixed features). As
elsewhere, any number of networks learn side by side, each from its own images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch.nn import functional

from relearn.learning import training
from relearn.learning.stack import (
    LANES,
    Dropout,
    Generators,
    Layer,
    LeakyReLU,
    Linear,
    Stack,
    Tanh,
    padded,
)

BETA1 = 0.5  # Adam's first momentum: 0.9 makes the two oscillate (Radford et al., 2016)


@dataclass(frozen=True)
class Recipe:
    """Both networks and how they learn, with Adam.

    Attributes:
        noise: normal numbers from which an image is made.
        generator, discriminator: units of each hidden layer.
        batch_size: real images an update, and as many generated ones.
        learning_rate: of both networks.
        dropout: share of the discriminator's hidden outputs that is zeroed.
        smoothing: how far below 1 the discriminator's target for a real image is.
        mismatch: weight, in the discriminator's loss, of each class that a real image is not of.
        averaging: share of the averaged generator that a step keeps, in the long run.
    """

    noise: int
    generator: Sequence[int]
    discriminator: Sequence[int]
    batch_size: int
    learning_rate: float
    dropout: float
    smoothing: float
    mismatch: float
    averaging: float


class ConditionalGAN:
    """S pairs of a generator and a discriminator.

    Args:
        pixels: of an image; whole vector registers, for nothing here masks a padding.
        classes: that can be asked for.
        recipe: the networks.
        streams: name -> one generator a pair, for "generator", "discriminator", "masks", "noise".

    Attributes:
        averaged: (S, P) parameters of the generators, averaged over their steps. Images are drawn
            with these: they are better than any single step's (Yazıcı et al., 2019).
    """

    def __init__(
        self, pixels: int, classes: int, recipe: Recipe, streams: Callable[[str], Generators]
    ):
        if pixels % LANES:
            raise ValueError(f"{pixels} pixels: give a multiple of {LANES}")
        self.pixels, self.classes, self.recipe = pixels, classes, recipe
        self.generator = Stack(
            [*layers([recipe.noise + classes, *recipe.generator, pixels]), Tanh()],
            pixels,
            streams("generator"),
        )
        masks = streams("masks")
        sizes = [pixels, *recipe.discriminator, classes]
        self.discriminator = Stack(
            layers(sizes, recipe.dropout, masks), classes, streams("discriminator")
        )
        self.averaged = self.generator.values.clone()
        settings = training.Recipe(recipe.batch_size, 1, recipe.learning_rate)
        self.adams = [training.Adam(each, settings) for each in self.networks]
        self.noise, self.steps = streams("noise"), 0

    @property
    def networks(self) -> tuple[Stack, Stack]:
        """The generators and the discriminators."""
        return self.generator, self.discriminator

    def made(self, labels: torch.Tensor, noise: Generators) -> torch.Tensor:
        """Return images (S, B, pixels) in [-1, 1] of the classes `labels` (S, B)."""
        drawn = torch.zeros(*labels.shape, padded(self.recipe.noise + self.classes))
        for part, generator in zip(drawn, noise, strict=True):
            part[:, : self.recipe.noise] = torch.randn(
                len(part), self.recipe.noise, generator=generator
            )
        drawn.scatter_(2, labels[..., None] + self.recipe.noise, 1)
        return self.generator.forward(drawn)

    @torch.inference_mode()
    @training.flushed_denormals()
    def learn(self, orders: torch.Tensor, batches: training.Batches, labels: torch.Tensor) -> None:
        """Update both networks once a batch; may be called again, to go on.

        Args:
            orders: (S, steps × batch size) indices of the real images.
            batches: (S, B) indices -> (S, B, pixels) images in [-1, 1].
            labels: (images,) classes.
        """
        for each in self.networks:
            each.train()
        for indices in orders.split(self.recipe.batch_size, dim=1):
            self.gradients(batches(indices), labels[indices])
            for adam in self.adams:
                adam.step(self.recipe.learning_rate, BETA1)
            self.steps += 1
            # Over the last steps while there are few, so that the start is soon forgotten.
            keep = min(self.recipe.averaging, self.steps / (self.steps + 9))
            self.averaged.lerp_(self.generator.values, 1 - keep)

    def gradients(self, real: torch.Tensor, labels: torch.Tensor) -> None:
        """Store both networks' gradients, given real images (S, B, pixels) of classes (S, B).

        Both are taken at the same parameters, the generator's of -log p of what it made (the loss
        that does not saturate).
        """
        size = real.shape[1]
        asked = functional.embedding(labels, torch.eye(padded(self.classes)))
        images = torch.cat([real, self.made(labels, self.noise)], 1)
        p = torch.sigmoid(self.discriminator.forward(images))
        error = p / size  # by the logits, of -log(1 - p), batch means
        weight = asked + self.recipe.mismatch * (1 - asked)
        error[:, :size].sub_(asked, alpha=(1 - self.recipe.smoothing) / size).mul_(weight)
        error[:, size:].mul_(asked)
        back = self.discriminator.backward(error, True)[:, size:]
        # One image, one logit: the generator's loss has the gradient (p - 1) where the
        # discriminator's has p, and so on down to the pixels. It saves a second backward pass.
        own = (p[:, size:] * asked).sum(2, keepdim=True)
        self.generator.backward(back * ((own - 1) / own.clamp_min(1e-30)))

    @torch.inference_mode()
    @training.flushed_denormals()
    def images(self, labels: torch.Tensor, noise: Generators) -> torch.Tensor:
        """Return images (S, n, pixels) uint8 of the classes `labels` (S, n), drawn from `noise`."""
        kept = self.generator.values.clone()
        self.generator.values.copy_(self.averaged)
        made = [self.made(part, noise) for part in labels.split(500, dim=1)]
        self.generator.values.copy_(kept)
        return torch.cat([((each + 1) * 127.5).round().to(torch.uint8) for each in made], 1)


def layers(sizes: Sequence[int], dropout: float = 0.0, masks: Generators = ()) -> list[Layer]:
    """Return fully connected layers with leaky ReLU, and dropout, between them."""
    found: list[Layer] = []
    width = padded(sizes[0])
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        if index:
            found.append(LeakyReLU())
            found += [Dropout(dropout, masks)] if dropout else []
        found.append(Linear(inputs, outputs, width))
        width = padded(outputs)
    return found
