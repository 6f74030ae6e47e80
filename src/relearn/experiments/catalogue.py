"""Finds the experiments: each module here that is not part of the house, by its name."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from relearn.experiments.parameters import Parameters

HOUSE = {"catalogue", "configuration", "deep_training", "parameters", "small_sets"}
CHAPTERS = {
    "1": "Linear models",
    "2": "Classification and regression",
    "3": "Perceptron, networks, descent",
    "4": "Activations",
    "5": "The curse of dimensionality",
    "6": "Over- and underfitting",
    "7": "Regularisation",
    "8": "Data augmentation",
    "9": "Numerical stability",
    "10": "The listings",
}


def names() -> list[str]:
    """Return the names of all experiment modules, sorted."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if module.name not in HOUSE)


def module(experiment: str) -> ModuleType:
    """Import an experiment's module (cheap: torch and scikit-learn are imported by `run`)."""
    return importlib.import_module(f"relearn.experiments.{experiment}")


def listing(number: str) -> str:
    """Return the experiment that re-runs a listing of the article: "10.6"."""
    return next(name for name in names() if getattr(module(name), "LISTING", None) == number)


def variant_slice(block: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """Return the config values that one variant sees: the block's, overridden by its own."""
    shared = {key: value for key, value in block.items() if key not in ("variants", "claims")}
    return shared | dict(block["variants"][variant])


def parameters(experiment: str, block: Mapping[str, Any], variant: str) -> Parameters:
    """Return the checked parameters of one variant."""
    return module(experiment).Params.model_validate(variant_slice(block, variant))


def chapter(block: Mapping[str, Any]) -> tuple[str, str]:
    """Return the number and title of the tutorial's chapter that makes an experiment's claims."""
    number = re.match(r"\d+", next(iter(block["claims"])))[0]
    return number, CHAPTERS.get(number, "Other")
