"""The same hundred small runs, a process each, under other tools and under this pipeline."""

from __future__ import annotations

import compileall
import json
import shutil
import statistics
import subprocess
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import project
from benchmarks.measure import ROOT, compare, seconds
from relearn.errors import RelearnError

TOOLS = ROOT / "benchmarks/tools"
RUNS, JOBS, ROUNDS = 100, 2, 3
EXPERIMENT = "small_fits"


@dataclass(frozen=True)
class Tool:
    """One way to make the runs.

    Attributes:
        folder: where everything that it writes goes.
        fresh: makes the folder ready for runs of which none is made.
        command: makes the runs that are not made yet.
        result: where the result of a run's {number} is.
        again: whether a second call finds by itself that there is nothing to do.
    """

    folder: Path
    fresh: Callable[[], None]
    command: list[str]
    result: Callable[[int], str]
    again: bool = False

    def results(self) -> list[Path]:
        """Return the path of each run's result."""
        return [self.folder / self.result(number) for number in range(RUNS)]

    def call(self) -> None:
        """Make what is not made yet. Raises RelearnError with the tool's last lines."""
        settings = {
            "PYTHONPATH": str(self.folder / "src"),
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "cache/dvc"),
            "DVC_NO_ANALYTICS": "true",
        }
        log = self.folder.parent / f"{self.folder.name}.log"
        with open(log, "wb") as stream:
            answer = subprocess.run(
                self.command,
                cwd=self.folder,
                env=project.environment(**settings),
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        if answer.returncode:
            raise RelearnError(
                f"{log}: status {answer.returncode}: {log.read_text(encoding='utf-8')[-300:]}"
            )


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """Time every tool once a round, in an order that turns; keep all of its seconds."""
    folder = folder / "orchestration"
    tools = all_tools(folder)
    cold: dict[str, list[float]] = {name: [] for name in tools}
    noop: dict[str, list[float]] = {name: [] for name, tool in tools.items() if tool.again}
    names = list(tools)
    for index in range(ROUNDS):
        first = index * len(names) // ROUNDS
        for name in names[first:] + names[:first]:
            tool = tools[name]
            tool.fresh()
            cold[name].append(seconds(tool.call))
            made = [path.stat().st_mtime_ns for path in tool.results()]
            if tool.again:
                noop[name].append(seconds(tool.call))
                if made != [path.stat().st_mtime_ns for path in tool.results()]:
                    raise RelearnError(f"{name}: its second call made runs again; see its log")
        check(tools)
    facts = {
        "runs": RUNS,
        "pins": sorted(
            line
            for path in TOOLS.glob("*.txt")
            for line in path.read_text(encoding="utf-8").splitlines()
            if "==" in line
        ),
        "jobs_at_once": JOBS,
        "seconds": {name: statistics.median(cold[name]) for name in names},
        "seconds_noop": {name: statistics.median(noop[name]) for name in noop},
        "rounds": {"cold": cold, "noop": noop},
    }
    unit = (
        f"seconds of {{}} / of ours, {RUNS} small runs, a process each, {JOBS} at once where the "
        "tool can; ours with records, provenance and logs, without tracking and report, and "
        "forked of one process"
    )
    return {
        "orchestration": compare(
            list(zip(cold["dvc"], cold["ours"], strict=True)),
            unit.format("dvc repro, which is serial,"),
            ">= 2",
            **facts,
        ),
        "orchestration_hydra": compare(
            list(zip(cold["hydra"], cold["ours"], strict=True)),
            unit.format("Hydra's multirun by joblib"),
            ">= 2",
            **facts,
        ),
        "orchestration_noop": compare(
            list(zip(noop["dvc"], noop["ours"], strict=True)),
            "seconds of dvc repro / of ours, called again with nothing to do",
            ">= 1",
            **facts,
        ),
    }


def check(tools: dict[str, Tool]) -> None:
    """Raise RelearnError unless every tool's results are, byte by byte, those of the loop."""
    wanted = [path.read_bytes() for path in tools["loop"].results()]
    for name, tool in tools.items():
        for path, content in zip(tool.results(), wanted, strict=True):
            if path.read_bytes() != content:
                raise RelearnError(f"{path}: {name}'s result is not the loop's; compare the two")


def all_tools(folder: Path) -> dict[str, Tool]:
    """Install every tool and return how each is called, at the setting that costs it least."""
    bins = {
        name: environment(folder / "environments" / name, TOOLS / f"{name}.txt")
        for name in ("plain", "dvc", "hydra", "kedro", "snakemake")
    }
    python = str(bins["plain"] / "python")
    run = [python, str(TOOLS / "small_fit.py")]

    def empty(name: str) -> Callable[[], None]:
        def fresh() -> None:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True)

        return fresh

    def scripted(name: str, environment: str, *arguments: str) -> Tool:
        command = [str(bins[environment] / "python"), str(TOOLS / f"with_{name}.py"), *arguments]
        return Tool(folder / name, empty(name), command, "{}.csv".format)

    def fresh_dvc() -> None:
        """One at a time: of two `dvc repro` at once, one ended with status 255 now and then."""
        empty("dvc")()
        (folder / "dvc/.dvc").mkdir()
        settings = "[core]\n    no_scm = true\n    check_update = false\n"
        (folder / "dvc/.dvc/config").write_text(settings, encoding="utf-8")
        for file in ("dvc.yaml", "small_fit.py"):
            shutil.copy(TOOLS / file, folder / "dvc")
        values = {"numbers": list(range(RUNS)), "python": python, "script": "small_fit.py"}
        (folder / "dvc/runs.yaml").write_text(json.dumps(values), encoding="utf-8")

    dvc = [str(bins["dvc"] / "dvc"), "repro", "--quiet"]
    snakemake = [str(bins["snakemake"] / "snakemake"), "--snakefile", str(TOOLS / "Snakefile")]
    snakemake += ["--cores", str(JOBS), "--quiet", "all", "--config"]
    snakemake += [f"count={RUNS}", f"python={python}", f"script={run[1]}"]
    return {
        "loop": scripted("loop", "plain", str(RUNS), *run),
        "joblib": scripted("joblib", "plain", str(RUNS), str(JOBS), *run),
        "dvc": Tool(folder / "dvc", fresh_dvc, dvc, "{}.csv".format, again=True),
        "hydra": scripted(
            "hydra",
            "hydra",
            f"number=range({RUNS})",
            f"command=[{','.join(map(json.dumps, run))}]",
            f"hydra.launcher.n_jobs={JOBS}",
        ),
        "kedro": scripted("kedro", "kedro", str(RUNS), str(JOBS), *run),
        "snakemake": Tool(
            folder / "snakemake",
            empty("snakemake"),
            snakemake,
            "{}.csv".format,
            again=True,
        ),
        "ours": ours(folder / "ours"),
    }


def environment(home: Path, pins: Path) -> Path:
    """Return the folder of programs of a tool's own environment, made anew if the pins changed."""
    stamp, lock = home / "pins", ROOT / "requirements.lock"
    wanted = f"{home}\n{pins.read_text(encoding='utf-8')}{lock.read_text(encoding='utf-8')}"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(home, clear=True, with_pip=True)
        pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet"]
        project.call(ROOT, *pip, "-r", str(pins))
        stamp.write_text(wanted, encoding="utf-8")
    return home / "bin"


def ours(folder: Path) -> Tool:
    """Copy the project as it stands, commit it there, and add the experiment of small fits."""
    project.copy(folder)
    source = folder / "src/relearn"
    shutil.copy(TOOLS / "small_fit.py", source / "learning/small_fit.py")
    shutil.copy(TOOLS / "small_fits.py", source / f"experiments/{EXPERIMENT}.py")
    (source / f"report/prose/en/{EXPERIMENT}.md").write_text("# Small fits\n", encoding="utf-8")
    variants = {f"v{number}": {"number": number} for number in range(RUNS)}
    block = {"seeds": 1, "variants": variants, "claims": {}}
    overlay = json.dumps({"experiments": {EXPERIMENT: block}})
    (folder / "config/small_fits.json").write_text(overlay, encoding="utf-8")
    author = {
        f"GIT_{who}_{what}": "benchmark"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    for arguments in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "commit.gpgsign=false", "commit", "-qm", "the copy"],
    ):
        project.call(folder, "git", *arguments, **author)
    compileall.compile_dir(source, quiet=1)

    def fresh() -> None:
        for name in ("results", ".snakemake"):
            shutil.rmtree(folder / name, ignore_errors=True)

    def result(number: int) -> str:
        return f"results/runs/{EXPERIMENT}/v{number}/scalars.csv"

    command = [project.SNAKEMAKE, "--configfile"]
    command += ["config/small_fits.json", "--cores", str(JOBS), "--", *map(result, range(RUNS))]
    return Tool(folder, fresh, command, result, again=True)
