"""Print the verdicts as a table, then where the report is: print_verdicts.py CLAIMS_JSON REPORT."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from relearn.report import formats

STYLES = {"supported": "green", "exact": "blue", "contradicted": "red", "inconclusive": "dim"}


def verdict_table(claims: list[dict]) -> Table:
    """Return the verdicts, one row a claim."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("claim", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("effect [95 % interval]", overflow="fold")
    table.add_column("threshold", justify="right", no_wrap=True)
    table.add_column("seeds", justify="right", no_wrap=True)
    for claim in claims:
        effect, verdict = claim["effect"], claim["verdict"]
        estimate, interval = formats.effect(effect, exact=claim["kind"] == "exact")
        table.add_row(
            claim["id"],
            f"[{STYLES.get(verdict, '')}]{verdict}[/]" if verdict in STYLES else verdict,
            # Rich would take [low, high] for a style; the backslash says that it is text.
            " ".join(filter(None, [estimate, interval.replace("[", "\\["), effect["unit"]])),
            formats.plain(effect["threshold"]),
            formats.thousands(claim["seeds"]),
        )
    return table


def main(claims: str, report: str) -> int:
    """Print the table and the report's path; return the exit status."""
    for path in (claims, report):
        if not Path(path).is_file():
            print(f"relearn: {path} is missing: run make report", file=sys.stderr)
            return 1
    console = Console(highlight=False)
    console.width = min(console.width, 80)
    console.print(verdict_table(json.loads(Path(claims).read_text(encoding="utf-8"))))
    print(f"\nreport: {report}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
