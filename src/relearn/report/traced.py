"""Numbers that know where they come from, so that prose can lead from each to its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """Where a number comes from: the id in the page where its data are, and its name there."""

    anchor: str
    name: str


class Traced(float):
    """A number that knows its source, and keeps it through arithmetic with plain numbers."""

    source: Source

    def __new__(cls, value: float, source: Source) -> Traced:
        number = super().__new__(cls, value)
        number.source = source
        return number


def _keeping(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def operate(self: Traced, *others: Any) -> Any:
        found = plain(self, *others)
        foreign = any(getattr(each, "source", self.source) != self.source for each in others)
        return found if foreign or found is NotImplemented else Traced(found, self.source)

    return operate


for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _side in ("", "r"):
        setattr(Traced, f"__{_side}{_name}__", _keeping(f"__{_side}{_name}__"))
for _name in ("__neg__", "__abs__"):
    setattr(Traced, _name, _keeping(_name))
