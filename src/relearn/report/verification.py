"""Tells whether a build reproduces the committed reference: what differs, and whether it may.

Both are of one config and one seed base, and are compared as `comparison` does, pair by pair of the
same seeds. On the machine that the reference is of all is equal to the bit, and on any x86-64
machine if both builds are strict (`runs/strict.py`). Other instructions, libraries or processors
round otherwise: how far a number may then lie from the reference's is the rule of `tolerances`.

Files: the results are what their own manifest says, or are not compared. The reference keeps the
scalars, verdicts and listings; of curves, arrays and figures it keeps the digests alone. So of
these nothing tells rounding from another cause, unless rounding has no part in it: in strict mode,
and where every number of the whole build is equal to the bit by the same versions. Then such a
file that is not equal to the byte is a real difference, and in strict mode any. Equal
numbers of its own run would not do: other instructions left all scalars of `xor_and_circles/xor` as
they were, and not its curves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relearn.errors import RelearnError
from relearn.report.comparison import Apart, Comparison, apart, compare
from relearn.report.comparison_claims import Claim
from relearn.report.results import MANIFEST, Results
from relearn.report.tolerances import Tolerances
from relearn.runs import differences, record

STRICT = "strict.sha256"  # the manifest of a strict build
NUMBERS = ("claims.json", "published.json", record.NAMES[0])  # files that are judged by theirs


class OtherBuild(RelearnError):
    """The results answer another question than the reference: nothing can be verified."""


@dataclass(frozen=True)
class Verification:
    """What came of it.

    Attributes:
        found: all that differs, `A` being the reference.
        real: a line for each difference that rounding cannot explain.
        unequal: files of the reference that the results have not, or not equal to the byte;
            `sealed` counts all of the reference.
        unjudged: those of them that neither their numbers nor a promise of equal bytes judge.
        strict: whether the results are strict, and those files were compared with a strict build's.
        findable: the smallest shift of a mean that was likely to be found, in deviations of the
            seeds, by the fewest and the most seeds; empty if no number was tested over seeds.
        changed: the claims that the results would change.
    """

    found: Comparison
    real: list[str]
    unequal: list[str]
    unjudged: list[str]
    sealed: int
    strict: bool
    findable: dict[int, float]

    @property
    def changed(self) -> list[Claim]:
        """The claims whose verdict would change."""
        return [claim for claim in self.found.claims if claim.changed]


def verify(reference: Results, results: Results) -> Verification:
    """Compare the results with the reference, each as `Results.found` returns it.

    Raises:
        OtherBuild: another scale, config, seed base or data.
        RelearnError: a file is missing or broken; the message names it.
    """
    intact(reference, part=True)
    intact(results)
    found = compare(reference, results)
    _same_question(reference, results, found)
    strict = "instructions" in found.origins[1]["versions"]
    a, b = reference.manifest(STRICT) if strict else reference.sealed, results.sealed
    only = found.only | {"files": apart(a, b)}
    unequal = [path for path in a if path in b and a[path] != b[path]]
    unjudged = [path for path in unequal if Path(path).name not in NUMBERS]
    tolerances = Tolerances(reference, found)
    files = []
    if strict:
        files = [f"file {path}: not equal to the strict build's" for path in unequal]
    elif _rounds_alike(found):
        files = [f"file {path}: not equal, though every number is" for path in unjudged]
    return Verification(
        found=found,
        real=[*_only(only), *files, *tolerances.broken(results)],
        unequal=sorted([*only["files"]["A"], *unequal]),
        unjudged=[] if files else unjudged,
        sealed=len(a),
        findable=tolerances.findable,
        strict=strict,
    )


def intact(build: Results, part: bool = False) -> None:
    """Hash what a build's own manifest lists; of a reference only a part of it was kept.

    Raises:
        RelearnError: a file is missing, or another than the manifest says; the message names it.
    """
    for path, digest in build.sealed.items():
        place = build.folder / path
        if not (part or place.is_file()):
            raise RelearnError(f"{place} is missing; run {build.remake}")
        if build.digest(path) != digest:
            raise RelearnError(f"{place} is not what {MANIFEST} says; run {build.remake}")


def sensitive(normal: Results, other: Results) -> dict[str, Any]:
    """Return what another build of the same seeds, rounded otherwise, changed beyond rounding.

    Returns:
        {"runs": {run: {metric: largest relative difference}}, "listings": {series: the same}}.
    """
    found = compare(normal, other)
    _same_question(normal, other, found)
    runs: dict[str, dict[str, float]] = {}
    for number in found.numbers:
        if number.outcome not in ("equal", "rounding"):
            tables = [
                each.table(number.experiment, number.variant, record.NAMES[0])
                for each in (normal, other)
            ]
            values = [table[number.metric].to_numpy(dtype=float) for table in tables]
            runs.setdefault(number.run, {})[number.metric] = _relative(*values)
    listings = {
        listing.name: listing.relative
        for listing in found.listings
        if listing.relative > differences.ROUNDING
    }
    return {"runs": runs, "listings": listings}


def scale(results: Results) -> str:
    """Return the scale of a build, as its commands name it."""
    experiment, block = next(iter(results.config["experiments"].items()))
    command = results.provenance(experiment, next(iter(block["variants"])))["command"]
    return command.partition("--configfile config/")[2].partition(".yaml")[0] or "default"


def _same_question(reference: Results, results: Results, found: Comparison) -> None:
    bases = [", ".join(origin["seed_bases"]) for origin in found.origins]
    told = f"{reference.folder} is {scale(reference)} scale, seed base {bases[0]}; {results.folder}"
    if scale(reference) != scale(results) or bases[0] != bases[1]:
        raise OtherBuild(f"{told} is {scale(results)} scale, seed base {bases[1]}: build the same")
    if found.settings:
        first = found.settings[0]
        name = f"{first.experiment}/{first.variants[0]} {first.key}"
        raise OtherBuild(
            f"{told} has another config, {name}: {first.a or 'nothing'} in the reference, "
            f"{first.b or 'nothing'} here; take the config back, or write the reference anew "
            "(make reference)"
        )
    for claim in found.claims:
        if claim.reading == "question" or not all(part.asked for part in claim.parts):
            raise OtherBuild(
                f"{told} asks another question in claim {claim.id}: effect, unit, threshold or "
                "conditions; take the config back, or write the reference anew (make reference)"
            )
    if any("data" in causes for causes in found.causes):
        raise OtherBuild(f"{told} is of other data: see datasets in the config")
    if new := found.only["variants"]["B"]:
        raise OtherBuild(
            f"{told} has {new[0]}, which the reference lacks; write it anew (make reference)"
        )


def _rounds_alike(found: Comparison) -> bool:
    """Tell whether every number is equal to the bit, by the same versions of all packages."""
    tests = [*found.numbers, *(part for claim in found.claims for part in claim.parts)]
    versions = [(origin["pythons"], origin["versions"]) for origin in found.origins]
    equal = {each.outcome for each in tests} == {"equal"} and not found.listings
    return equal and versions[0] == versions[1]


def _only(only: Mapping[str, Apart]) -> Iterator[str]:
    for kind, sides in only.items():
        for side, place in (("A", "the reference"), ("B", "the results")):
            for name in sides[side]:
                yield f"{kind.rstrip('s')} {name}: in {place} only"


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    sizes = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore"):
        parts = np.abs(b - a) / np.where(sizes > differences.ROUNDING, sizes, np.inf)
    return float(np.nan_to_num(parts, nan=np.inf).max())
