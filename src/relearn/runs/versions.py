"""The versions of the packages that a result rests on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import metadata

from relearn.runs import strict

# Those that can change a number, a picture or the page, by the name that code imports.
PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "statsmodels": "statsmodels",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "torchvision": "torchvision",
    "safetensors": "safetensors",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "mlflow": "mlflow",
    "jinja2": "jinja2",
    "markdown_it": "markdown-it-py",
}
# PyTorch requires one of them, and computes nothing with it: they count for who imports them.
NO_NUMBERS = {"mlflow", "jinja2", "markdown-it-py"}


def installed() -> dict[str, str]:
    """Return the installed version of each package that a build depends on."""
    names = ("relearn", "snakemake", *PACKAGES.values())
    return {name: metadata.version(name) for name in names} | _instructions()


def used(imported: Iterable[str]) -> dict[str, str]:
    """Return the versions that code rests on which imports these packages.

    A package rests on what it requires, too: scikit-learn on NumPy and SciPy. Python counts by its
    minor version. What is not among PACKAGES does not count. Strict mode does: the packages compute
    other bits in it.
    """
    direct = {PACKAGES[name] for name in imported if name in PACKAGES}
    names = direct | (_required(direct) - NO_NUMBERS)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {name: metadata.version(name) for name in sorted(names)}
    return {"python": python} | found | _instructions()


def _instructions() -> dict[str, str]:
    return {"instructions": strict.INSTRUCTIONS} if strict.active() else {}


def _required(names: set[str]) -> set[str]:
    """Return these and all that they require, as far as it is among PACKAGES."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known, found, pending = set(PACKAGES.values()), set(), list(names)
    while pending:
        name = pending.pop()
        if name in known - found:
            found.add(name)
            required = [Requirement(line) for line in metadata.requires(name) or []]
            pending += [
                canonicalize_name(each.name)
                for each in required
                if each.marker is None or each.marker.evaluate({"extra": ""})
            ]
    return found
