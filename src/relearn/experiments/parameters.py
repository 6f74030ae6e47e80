"""What every experiment's parameters have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from relearn.data.synthetic import NoisyLine
from relearn.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from relearn.data.images import Images
    from relearn.runs.seeds import Seed

Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class Parameters(BaseModel):
    """Base of each experiment's `Params`: the YAML owns the values, the class their meaning.

    Frozen, strict (no "10" for 10) and closed (an unknown key is an error).
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    seeds: int = Field(ge=1, le=1_000_000, description="independent replicates")

    @model_validator(mode="after")
    def _a_listing_has_one_seed(self) -> Parameters:
        if getattr(self, "listing_seed", None) is not None and self.seeds != 1:
            raise ValueError(
                "listing_seed fixes every draw: set seeds to 1, or listing_seed to null"
            )
        return self


class ImageParameters(Parameters):
    """Parameters of an experiment on images."""

    dataset: str = Field(description="a key of the config's `datasets`")

    def shuffled(self, seed: Seed, inputs: Images, wanted: Mapping[str, int]) -> np.ndarray:
        """Return the indices of all training images in a seed's own order.

        Args:
            wanted: name of a parameter to the images that it takes from them.

        Raises:
            DataError: there are not so many.
        """
        there = len(inputs.train_images)
        if sum(wanted.values()) > there:
            names, counts = " + ".join(wanted), " + ".join(map(str, wanted.values()))
            raise DataError(
                f"{names}: {counts}, but {self.dataset} has {there} training images; take fewer"
            )
        return seed.generator("images").permutation(there)


class TrainingParameters(ImageParameters):
    """Parameters of an experiment that trains multilayer perceptrons on images."""

    hidden: list[Count] = Field(min_length=1, description="units of each hidden layer")
    batch_size: int = Field(ge=1, description="images an update")
    learning_rate: float = Field(gt=0, description="Adam's step size")
    networks_at_once: Count = Field(description="seeds trained side by side; changes no result")
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="where to train; auto: on the GPU if there is one"
    )


class LineParameters(Parameters):
    """Parameters of an experiment on points around a line."""

    listing_seed: int | None = Field(description="draw as the listing does, from this legacy seed")
    samples: int = Field(ge=3, description="points on the line")
    extent: float = Field(gt=0, description="x is uniform in [0, extent)")
    slope: float = Field(description="true slope")
    intercept: float = Field(description="true intercept")
    noise: float = Field(gt=0, description="standard deviation of the noise on y")

    @property
    def line(self) -> NoisyLine:
        """The line and its noise."""
        return NoisyLine(self.samples, self.extent, self.slope, self.intercept, self.noise)
