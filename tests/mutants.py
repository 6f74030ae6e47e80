"""How many small faults in `runs/` and `data/` the tests notice: a mutation run, and its table.

mutmut writes every mutant of these rooms: one operator, number, text or argument changed. To test
all takes hours, so a sample is drawn by a fixed seed, each module in proportion to its mutants, and
mutmut runs for each the tests that reach its function. A person judges in `mutants.yaml` what
survived: equivalent (no test can see it), tested (a test that was written since kills it) or open.

    python tests/mutants.py run     # the sample, into docs/mutants.json
    python tests/mutants.py again   # its survivors once more, after new tests
    python tests/mutants.py table   # the table, into docs/trust.md
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path

import yaml
from scipy.stats import binomtest

from relearn.runs import provenance

SEED, SIZE = 20261128, 120
FOLDER = Path("mutants/src")
RESULTS, JUDGED, PAGE = Path("docs/mutants.json"), Path("tests/mutants.yaml"), Path("docs/trust.md")
MARKS = ("<!-- mutants: written by tests/mutants.py table -->", "<!-- mutants end -->")
# By mutmut's exit codes (its `stats.py`); 33 says that no test gets there.
OUTCOMES = {0: "survived", 1: "killed", 3: "killed", 33: "unreached"}
OUTCOMES |= dict.fromkeys((24, -24, 255), "timeout")
KILLED = ("killed", "timeout")
VERDICTS = ("equivalent", "tested", "open")


def mutmut(*names: str) -> None:
    """Test mutants by name; processes that a test starts see the mutant as well."""
    FOLDER.mkdir(parents=True, exist_ok=True)  # Python remembers of a path that it was not there
    path = os.pathsep.join([str(FOLDER.resolve()), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "mutmut", "run", *names], env=environment, check=True)


def codes() -> dict[str, int | None]:
    """Return every mutant's exit code, None before it is tested."""
    files = sorted(FOLDER.glob("relearn/*/*.py.meta"))
    read = (json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"] for file in files)
    return {name: code for each in read for name, code in each.items()}


def module(name: str) -> str:
    """Return `runs/evidence.py` for `relearn.runs.evidence.x_survive__mutmut_3`."""
    return "/".join(name.split(".")[1:3]) + ".py"


def sample(names: list[str]) -> list[str]:
    """Draw from each module its share of SIZE, at least one."""
    strata: dict[str, list[str]] = {}
    for name in sorted(names):
        strata.setdefault(module(name), []).append(name)
    draw = random.Random(SEED)
    shares = {each: max(1, round(SIZE * len(own) / len(names))) for each, own in strata.items()}
    return [name for each, own in strata.items() for name in draw.sample(own, shares[each])]


def tested(names: list[str]) -> dict[str, str]:
    """Test mutants; return the outcome of each."""
    mutmut(*names)
    found = codes()
    return {name: OUTCOMES.get(found[name], f"exit {found[name]}") for name in names}


def run() -> None:
    """Test the sample."""
    mutmut("relearn.runs.evidence.x__finite__mutmut_1")  # one, and all are written: draw from them
    names = list(codes())
    results = {
        "tool": f"mutmut {metadata.version('mutmut')}",
        "seed": SEED,
        "commit": provenance.commit()[0],
        "written": Counter(map(module, names)),
        "outcomes": tested(sample(names)),
        "again": {},
    }
    save(results)


def again() -> None:
    """Test once more what was not killed."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    names = [name for name, outcome in results["outcomes"].items() if outcome not in KILLED]
    save(results | {"again": tested(names)})


def save(results: dict) -> None:
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table() -> None:
    """Write the table, and stop where a judgement does not fit the outcomes."""
    results, judged = (
        json.loads(RESULTS.read_text(encoding="utf-8")),
        yaml.safe_load(JUDGED.read_text(encoding="utf-8")),
    )
    outcomes, later = results["outcomes"], results["again"]
    survivors = [name for name, outcome in outcomes.items() if outcome not in KILLED]
    if set(survivors) != set(judged):
        sys.exit(f"{JUDGED}: not the survivors: {', '.join(set(survivors) ^ set(judged))}")
    if wrong := [n for n in judged if (judged[n][0] == "tested") != (later.get(n) in KILLED)]:
        sys.exit(f"{JUDGED}: run again and judge anew: {', '.join(wrong)}")
    rows = Counter((module(n), judged[n][0] if n in judged else "killed") for n in outcomes)
    columns = ("killed", *VERDICTS)
    lines = [
        "| module | mutants | drawn | killed | equivalent | killed since | open |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each, written in sorted(results["written"].items()):
        counts = [rows[each, column] for column in columns]
        lines.append(f"| `{each}` | {written} | {sum(counts)} | {' | '.join(map(str, counts))} |")
    counts = [sum(rows[each, column] for each in results["written"]) for column in columns]
    whole = [sum(results["written"].values()), sum(counts), *counts]
    lines.append(f"| all | {' | '.join(map(str, whole))} |")
    share = binomtest(counts[0], sum(counts)).proportion_ci(method="exact")
    lines += [
        "",
        f"Killed at first: {counts[0]} of {sum(counts)} drawn by seed {results['seed']}, "
        f"{counts[0] / sum(counts):.0%} (95 % Clopper–Pearson {share.low:.0%} to "
        f"{share.high:.0%}); {results['tool']}, commit {results['commit'][:7]}.",
    ]
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    PAGE.write_text(
        "\n".join([before + MARKS[0], "", *lines, "", MARKS[1] + after]), encoding="utf-8"
    )


if __name__ == "__main__":
    {"run": run, "again": again, "table": table}[sys.argv[1]]()
