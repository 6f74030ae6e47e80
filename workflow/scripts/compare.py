"""Compare two builds: compare.py RESULTS_A RESULTS_B PAGE. Prints what moved and writes a page."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from relearn.errors import RelearnError
from relearn.files import whole
from relearn.report import comparison_page
from relearn.report.comparison import Comparison, compare
from relearn.report.results import Results

SHOWN = 20  # numbers that moved; the page has more


def verdict_table(found: Comparison) -> Table:
    """Return the verdicts that changed, one row a claim."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "A", "B", "reading"):
        table.add_column(name, no_wrap=True)
    for claim in found.claims:
        if claim.changed:
            words = comparison_page.READINGS[claim.reading]
            table.add_row(claim.id, claim.a["verdict"], claim.b["verdict"], words.split(":")[0])
    return table


def number_table(found: Comparison) -> Table:
    """Return the numbers that moved, no more than SHOWN."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("number that moved", overflow="fold")
    for name in ("A", "B", "B − A [95 % interval]"):
        table.add_column(name, justify="right")
    moved = [number for number in found.numbers if number.outcome == "moved"]
    for number in comparison_page.surest(moved, SHOWN):
        (a, _), (b, _), difference = map(
            comparison_page.shown, (number.a, number.b, number.difference)
        )
        name = f"{number.run} {number.metric}"
        # Rich would take [low, high] for a style; the backslash says that it is text.
        table.add_row(name, a, b, " ".join(difference).replace("[", "\\["))
    return table


def summary(found: Comparison) -> str:
    """Return what was compared and what came of it, in lines."""
    counts = [f"{count:,} {comparison_page.WORDS[kind]}" for kind, count in found.counts.items()]
    tested, alone = len(found.tested), len(found.alone) + found.counts["moved"]
    unequal = sum(listing.unequal for listing in found.listings)
    changed = sum(claim.changed for claim in found.claims)
    lines = [
        f"A: {found.folders[0]}",
        f"B: {found.folders[1]}",
        f"numbers: {', '.join(counts)}",
        f"tested: {tested:,}; {alone:,} differ by themselves,"
        f" where chance gives about {tested / 20:,.0f} or fewer",
        "        (an experiment's metrics share seeds: more scatter than for independent tests)",
        f"published: {unequal:,} of {found.published:,} differ",
        f"settings: {len(found.settings):,} differ",
        f"verdicts: {changed} of {len(found.claims)} changed",
    ]
    if found.unlike:
        lines.append(
            f"of equal code, config, data and seeds, yet not of equal bytes: {len(found.unlike):,}"
            f" runs, {next(iter(found.unlike))} first"
        )
    for kind, apart in found.only.items():
        lines += [f"{kind} in {side} only: {len(own):,}" for side, own in apart.items() if own]
    return "\n".join(lines)


def write(found: Comparison, page: Path) -> None:
    """Write the page.

    Raises:
        RelearnError: nothing can be written there.
    """
    text = comparison_page.build(found, page.parent)
    try:
        with whole(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        told = f"{page}: {error.strerror}; name a file that can be written, OUT=PAGE"
        raise RelearnError(told) from error


def main(a: str, b: str, page: str) -> int:
    """Print what moved and write the page; return the exit status."""
    try:
        found = compare(*(Results.found(Path(folder)) for folder in (a, b)))
        write(found, Path(page))
    except RelearnError as error:
        print(f"relearn: {error}", file=sys.stderr)
        return 1
    console = Console(highlight=False)
    console.width = min(console.width, 100)
    print(summary(found))
    for table in (verdict_table(found), number_table(found)):
        if table.row_count:
            print()
            console.print(table)
    if found.counts["moved"] > SHOWN:
        print(f"… and {found.counts['moved'] - SHOWN:,} more")
    print(f"\npage: {page}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
