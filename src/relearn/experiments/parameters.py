"""What every experiment's parameters have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """Base of each experiment's `Params`: the YAML owns the values, the class their meaning.

    Frozen, strict (no "10" for 10) and closed (an unknown key is an error).
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    seeds: int = Field(ge=1, description="independent replicates")


class ImageParameters(Parameters):
    """Parameters of an experiment on images."""

    dataset: str = Field(description="a key of the config's `datasets`")
