"""The results folder as the report sees it: what is there, and why the rest is not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relearn.errors import DataError, RelearnError
from relearn.experiments.catalogue import variant_slice
from relearn.experiments.configuration import suggestion
from relearn.report import forms
from relearn.runs import failures, record

if TYPE_CHECKING:
    import pandas as pd

# The rules whose failure can leave a product missing, upstream first: the earliest is the reason.
RUN = ("fetch", "normalise", "run")
MAKERS = {
    "run": RUN,
    "figure": (*RUN, "draw"),
    "verdict": (*RUN, "judge"),
    "listing": (*RUN, "publish"),
}
RULES = (*RUN, "draw", "judge", "publish")
MANIFEST = "manifest.sha256"
REMAKE = "make report"
NOT_MADE = "It has not been made yet; run make report."


class MissingResult(RelearnError):
    """A result that the config asks for is not there; the page says so and goes on."""


class Results:
    """One results folder under one config; `remake` is the command that makes what is missing."""

    def __init__(self, folder: Path, config: Mapping[str, Any], remake: str = REMAKE):
        self.folder = Path(folder)
        self.config = config
        self.remake = remake
        self._tables: dict[Path, pd.DataFrame] = {}

    @classmethod
    def found(cls, folder: Path, remake: str = REMAKE) -> Results:
        """Return a results folder of any version: what it holds stands for a config.

        Raises:
            RelearnError: it holds no results.
        """
        experiments: dict[str, Any] = {}
        for path in sorted(Path(folder).glob("runs/*/*/")):
            block = experiments.setdefault(path.parent.name, {"variants": {}})
            block["variants"][path.name] = {}
        if not experiments:
            raise RelearnError(
                f"{folder}: no results here; name the results folder of a build, or run {remake}"
            )
        return cls(folder, {"experiments": experiments}, remake)

    @cached_property
    def claims(self) -> dict[str, dict[str, Any]]:
        """Return the verdicts, by claim id; empty where there are none yet."""
        return {claim["id"]: claim for claim in self._json("claims.json") or []}

    @cached_property
    def published(self) -> dict[str, Any]:
        """Return the listings' numbers, by listing."""
        return self._json("published.json") or {}

    @cached_property
    def mlflow(self) -> dict[str, Any]:
        """Return the index of MLflow runs; empty where there is none."""
        return self._json("mlflow/runs.json") or {}

    @cached_property
    def bench(self) -> dict[str, Any]:
        """Return what the benchmarks found, by name; empty where they have not been run."""
        return self._json("bench/bench.json") or {}

    @cached_property
    def notes(self) -> list[dict[str, Any]]:
        """Return the failures that a section can be short of something for, upstream first."""
        notes = [note for note in failures.notes(self.folder / "failures") if note["rule"] in RULES]
        return sorted(notes, key=lambda note: RULES.index(note["rule"]))

    def provenance(self, experiment: str, variant: str) -> dict[str, Any]:
        """Return where one variant's results come from; empty where that is not known."""
        return self._json(f"provenance/{experiment}/{variant}.json") or {}

    def usage(self, job: str) -> dict[str, Any]:
        """Return the seconds, processor time and peak memory of a job; empty where not known."""
        return self._json(f"usage/{job}.json") or {}

    def usages(self, rule: str) -> list[dict[str, Any]]:
        """Return what each job of a rule cost, as far as that is known."""
        names = sorted(path.name for path in (self.folder / "usage").glob(f"{rule}*.json"))
        jobs = [name.removesuffix(".json") for name in names]
        return [self.usage(job) for job in jobs if job.split(".")[0] == rule]

    def run_folder(self, experiment: str, variant: str) -> Path:
        """Return one variant's folder.

        Raises:
            RelearnError: the config has no such variant.
        """
        known = self.config["experiments"][experiment]["variants"]
        if variant not in known:
            raise RelearnError(
                f"no variant '{variant}' in the config; {suggestion(variant, known)}"
            )
        return self.folder / "runs" / experiment / variant

    def table(self, experiment: str, variant: str, name: str) -> pd.DataFrame:
        """Return scalars.csv or curves.csv of one variant.

        Raises:
            MissingResult: the file is not there, or cannot be read.
        """
        path = self.run_folder(experiment, variant) / name
        if path not in self._tables:
            try:
                self._tables[path] = record.read_table(path)
            except (OSError, ValueError, DataError) as error:
                reason = self.reason(experiment, "run", variant)
                if path.exists():
                    reason = f"{error}; delete the folder and run make report."
                raise MissingResult(f"{experiment}/{variant}/{name}: {reason}") from error
        return self._tables[path]

    @cached_property
    def sealed(self) -> dict[str, str]:
        """Return the SHA-256 of each scientific result by its path from here.

        Raises:
            RelearnError: the manifest that says so is missing or broken.
        """
        return self.manifest(MANIFEST)

    def manifest(self, name: str) -> dict[str, str]:
        """Return what one of the manifests here says, as `sealed` does."""
        return forms.manifest(self.folder / name, self.remake)

    def digest(self, path: str | Path) -> str:
        """Return the SHA-256 of a file here; of one that was not kept, what the manifest says.

        Raises:
            RelearnError: it is in neither.
        """
        full = self.folder / path
        if full.is_file():
            return hashlib.sha256(full.read_bytes()).hexdigest()
        if str(path) not in self.sealed:
            raise RelearnError(f"{full} is missing; run {self.remake}")
        return self.sealed[str(path)]

    def needed(self, path: str) -> Any:
        """Return what a JSON file here holds, of the form that `forms` has for it.

        Raises:
            RelearnError: it is missing or broken.
        """
        found = self._json(path)
        if found is None:
            raise RelearnError(f"{self.folder / path} is missing; run {self.remake}")
        return found

    def file(self, path: str) -> str | None:
        """Return a text file's content, or None."""
        full = self.folder / path
        return full.read_text(encoding="utf-8") if full.is_file() else None

    def reason(self, experiment: str, product: str, variant: str | None = None) -> str:
        """Return why a result of an experiment is missing, in one line.

        Args:
            product: what is missing, a key of MAKERS; for a run, `variant` says which.
        """
        for note in self.notes:
            if note["rule"] in MAKERS[product] and self._concerns(note, experiment, variant):
                place = "/".join([note["rule"], *note["wildcards"].values()])
                return f"{place} failed: {note['error']} (log: {note['log']})"
        return NOT_MADE

    def _concerns(self, note: Mapping[str, Any], experiment: str, variant: str | None) -> bool:
        wildcards = note["wildcards"]
        return (
            wildcards.get("experiment", experiment) == experiment
            and (variant is None or wildcards.get("variant", variant) == variant)
            and ("dataset" not in wildcards or wildcards["dataset"] in self._datasets(experiment))
        )

    def _datasets(self, experiment: str) -> set[str | None]:
        block = self.config["experiments"][experiment]
        return {variant_slice(block, name).get("dataset") for name in block["variants"]}

    def _json(self, path: str) -> Any:
        known = (self.folder / path).is_file()
        return forms.read(self.folder, path, self.remake) if known else None
