"""Compare a build with the committed reference: verify.py REFERENCE RESULTS.

Prints what differs and which claims would change. Exit status: 0 if nothing does but what rounding
explains and the seeds can tell, 1 at a real difference, 2 if the two cannot be compared.
"""

import sys
from pathlib import Path

from relearn.errors import RelearnError
from relearn.report.results import Results
from relearn.report.tolerances import POWER
from relearn.report.verification import Verification, scale, verify
from relearn.runs.differences import ROUNDING

SHOWN = 20  # lines of one kind


def listed(lines: list[str]) -> list[str]:
    """Return the first lines, indented, and how many more there are."""
    more = [f"… and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return [f"  {line}" for line in [*lines[:SHOWN], *more]]


def summary(done: Verification, scale: str) -> str:
    """Return what was compared and what came of it, in lines."""
    found, counts = done.found, done.found.counts
    origins = [", ".join(origin["machines"][:1]) for origin in found.origins]
    further = sum(count for kind, count in counts.items() if kind not in ("equal", "rounding"))
    unequal = sum(listing.unequal for listing in found.listings)
    of_other_code = sum(count for causes, count in found.causes.items() if "code" in causes)
    mode = " (strict mode)" if done.strict else ""
    equal = done.sealed - len(done.unequal)
    lines = [
        f"reference: {found.folders[0]}, {scale} scale, {origins[0]}",
        f"results:   {found.folders[1]}, {origins[1]}",
        f"files:     {equal:,} of {done.sealed:,} equal to the byte{mode}",
        f"numbers:   {counts['equal']:,} equal, {counts['rounding']:,} differ by rounding, "
        f"{further:,} by more",
        f"published: {unequal:,} of {found.published:,} differ",
        f"claims:    {len(done.changed)} of {len(found.claims)} would change",
    ]
    if done.unjudged:
        lines.append("curves, arrays and figures are compared by their bytes alone; not equal:")
        lines += listed(done.unjudged)
    if of_other_code:
        lines.append(f"code:      {of_other_code:,} runs are of other code")
    lines += listed(
        [f"{each.id}: {each.a['verdict']} → {each.b['verdict']}" for each in done.changed]
    )
    if done.real:
        return "\n".join([*lines, f"real differences: {len(done.real):,}", *listed(done.real)])
    if further or any(listing.relative > ROUNDING for listing in found.listings):
        lines.append("no difference that the seeds could show")
        shifts = [f"{shift:.2g} ({seeds:,} seeds)" for seeds, shift in done.findable.items()]
        if shifts:
            lines.append(
                f"with a power of {POWER:.0%} they show a shift of the mean by "
                f"{' or '.join(shifts)} standard deviations"
            )
    elif done.unequal:
        lines.append("no difference in the numbers but rounding")
    else:
        lines.append("equal to the byte")
    return "\n".join(lines)


def main(reference: str, results: str) -> int:
    """Print what differs; return the exit status."""
    try:
        if not Path(reference).exists():
            raise RelearnError(
                f"{reference}: this checkout has none; check out a commit that has one, "
                "or make reference"
            )
        builds = [
            Results.found(Path(reference), remake=f"git checkout {reference}"),
            Results.found(Path(results)),
        ]
        done = verify(*builds)
    except RelearnError as error:
        print(f"relearn: {error}", file=sys.stderr)
        return 2
    print(summary(done, scale(builds[0])))
    return int(bool(done.real))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[1:]))
