"""Write the reference anew: keep_reference.py RESULTS STRICT_RESULTS REFERENCE.

Keeps of a build what `verify.py` compares, and which numbers a strict build of the same commit
changed by more than rounding.
"""

import json
import shutil
import sys
from pathlib import Path

from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.files import whole
from relearn.report.results import Results
from relearn.report.tolerances import SENSITIVE
from relearn.report.verification import STRICT, intact, sensitive
from relearn.runs import record

WHOLE = ("claims.json", "published.json", "manifest.sha256")
NOT_KEPT = ("host",)  # nobody else's concern


def origins(build: Results) -> list[dict]:
    """Return the provenance of all runs of a build."""
    experiments = build.config["experiments"]
    return [
        build.provenance(name, variant)
        for name, block in experiments.items()
        for variant in block["variants"]
    ]


def check(normal: Results, strict: Results) -> str:
    """Return the commit that both builds are of.

    Raises:
        RelearnError: they are of several, or of none that anybody could check out, or a file is
            not what the build made.
    """
    commits = set()
    for build, wanted in ((normal, False), (strict, True)):
        intact(build)
        found = origins(build)
        commits |= {origin.get("commit") for origin in found}
        if any(origin.get("dirty") for origin in found):
            raise RelearnError(
                f"{build.folder} is of changed files; commit them, then make clean report"
            )
        if {"instructions" in origin["versions"] for origin in found} != {wanted}:
            mode = "strict" if wanted else "normal"
            command = "make clean report" + " STRICT=1" * wanted
            raise RelearnError(f"{build.folder} is no build in {mode} mode: {command}")
    if len(commits) > 1 or None in commits:
        told = ", ".join(sorted(str(each)[:12] for each in commits))
        raise RelearnError(f"commits {told}: build both of one; make clean report")
    return commits.pop()


def keep(normal: Results, strict: Results, target: Path) -> None:
    """Write the reference into `target`, made anew."""
    changed = sensitive(normal, strict)
    shutil.rmtree(target, ignore_errors=True)
    for path in normal.folder.glob(f"runs/*/*/{record.NAMES[0]}"):
        put(normal, target, path)
    for name in WHOLE:
        put(normal, target, normal.folder / name)
    shutil.copyfile(strict.folder / "manifest.sha256", target / STRICT)
    # What seeds make of a listing's series is told by the controlled variants' curves.
    for listing in {name.split(" ")[0] for name in changed["listings"]}:
        for path in normal.folder.glob(f"runs/{catalogue.listing(listing)}/*/{record.NAMES[1]}"):
            put(normal, target, path)
    for origin in origins(normal):
        facts = {key: value for key, value in origin.items() if key not in NOT_KEPT}
        path = target / "provenance" / origin["experiment"] / f"{origin['variant']}.json"
        with whole(path) as temporary:
            temporary.write_text(
                json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    with whole(target / SENSITIVE) as temporary:
        temporary.write_text(json.dumps(changed, indent=2) + "\n", encoding="utf-8")


def put(normal: Results, target: Path, path: Path) -> None:
    """Copy a file of the results to its place in the reference."""
    place = target / path.relative_to(normal.folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)


def main(results: str, strict: str, target: str) -> int:
    """Write the reference; return the exit status."""
    try:
        normal, other = (Results.found(Path(folder)) for folder in (results, strict))
        commit = check(normal, other)
        keep(normal, other, Path(target))
    except RelearnError as error:
        print(f"relearn: {error}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in Path(target).rglob("*") if path.is_file())
    print(f"{target}: {results} of commit {commit[:12]}, {size / 2**20:.1f} MiB; commit it")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
