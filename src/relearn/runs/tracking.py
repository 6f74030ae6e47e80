"""MLflow as a projection of the results: keyed, idempotent, rebuilt at will.

A parent run stands for a variant, a child for each seed that is a training of its own. A run is
found by its tag `relearn.key` before it is made, and made whole before it is called FINISHED, so
tracking twice, or after a kill, ends with one FINISHED run a key.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from relearn.data.addresses import public
from relearn.files import whole
from relearn.runs import described, failures, logged, record, weights
from relearn.runs.store import KEY, PARENT, Known, Store, tracking_uri

FIGURE, LEVEL = "relearn.figure", "relearn.level"
# At work beside this job or after it: should one of them fail again, it is recorded again.
NOT_YET_DONE = ("publish", "seal", "track", "build_report")


def track(
    experiments: Mapping[str, Mapping[str, Any]], index: Path, results: Path, scale: str
) -> None:
    """Bring MLflow up to date with the results and write where each variant's run is.

    Args:
        experiments: name to {"question": what it asks, "variants": names, "seed_runs": whether a
            seed is a run}.
        index: the JSON file of experiment and run ids to write.
        results: the results folder.
        scale: the name of the config's scale.
    """
    verdicts = results / "claims.json"
    claims = json.loads(verdicts.read_text(encoding="utf-8")) if verdicts.exists() else []
    notes = failures.notes(results / "failures")
    standing = {failures.job(note) for note in notes if note["rule"] not in NOT_YET_DONE}
    found = {}
    with Store(results) as store:
        pipeline = store.experiment("pipeline")
        pipeline.tell(described.pipeline())
        pipeline.clear_failures(standing)
        for name in reversed(experiments):  # the page lists the latest first
            facts = experiments[name]
            about = described.About(
                name,
                facts["question"],
                len(facts["variants"]),
                [claim for claim in claims if claim["experiment"] == name],
                scale,
                served=store.folder is not None,
            )
            known = store.experiment(name, about.tags)
            found[name] = {
                "experiment_id": known.id,
                "runs": Experiment(known, about, facts, results).track(),
            }
            known.clear_failures(standing)
    with whole(index) as path:
        shown = {
            "tracking_uri": public(tracking_uri(Path("results"))),
            "experiments": {name: found[name] for name in experiments},
        }
        path.write_text(json.dumps(shown, indent=2), encoding="utf-8")


def track_failures(results: Path) -> None:
    """Record every failure note as a FAILED run with the tail of its log."""
    with Store(results) as store:
        for note in failures.notes(results / "failures"):
            known = store.experiment(note["wildcards"].get("experiment", "pipeline"))
            tags = {described.NOTE: note["error"], "relearn.log": note["log"]}
            known.fail(failures.job(note), _milliseconds(note["ended"]), tags, note["tail"])


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


class Experiment:
    """One experiment's results, on their way into MLflow."""

    def __init__(
        self, known: Known, about: described.About, facts: Mapping[str, Any], results: Path
    ):
        self.known, self.about, self.results = known, about, results
        self.seed_runs = facts["seed_runs"]
        self.figure = [results / f"figures/{about.name}.{kind}" for kind in ("svg", "csv")]
        content = b"".join(file.read_bytes() for file in self.figure)
        self.digest = hashlib.sha256(content).hexdigest()
        self.origins = {
            variant: json.loads(
                (results / f"provenance/{about.name}/{variant}.json").read_text(encoding="utf-8")
            )
            for variant in facts["variants"]
        }

    def track(self) -> dict[str, str]:
        """Track all variants; return their runs' ids."""
        apart = described.differing([origin["params"] for origin in self.origins.values()])
        measures: dict[str, None] = {}
        runs = {}
        for variant, origin in self.origins.items():
            records = record.read(self.results / "runs" / self.about.name / variant)
            measures |= dict.fromkeys(records.scalars.columns[1:])
            tags = logged.of_variant(origin) | self.about.variant(origin, apart)
            runs[variant] = self.variant(origin, records, tags)
        self.known.tell(self.about.experiment(self.known.id, apart, list(measures)))
        self.known.retire()
        return runs

    def variant(
        self, origin: Mapping[str, Any], records: record.Records, tags: Mapping[str, str]
    ) -> str:
        """Track one variant and its seeds; return its run's id."""
        key = origin["key"]
        tags = {**tags, KEY: key, LEVEL: "variant", FIGURE: self.digest}
        networks = weights.by_seed(records)
        apart = self.seed_runs and len(records.scalars) > 1
        run = self.known.run(key)
        if run is None:
            metrics, params = logged.means(records), origin["params"]
            network = {} if apart else next(iter(networks.values()), {})
            run_id = self.make(origin, origin["variant"], metrics, params, tags, network, True)
        else:
            run_id = run.info.run_id
            if run.data.tags.get(FIGURE) != self.digest:
                self.known.keep(run_id, {"figure": self.figure})
            self.known.update(run, tags)
        for seed, metrics in logged.by_seed(records) if apart else ():
            key, name = f"{origin['key']}/{seed}", f"{origin['variant']}, seed {seed}"
            tags = logged.of_seed(origin) | {KEY: key, LEVEL: "seed", PARENT: run_id}
            child = self.known.run(key)
            if child is None:
                network = networks.get(seed, {})
                self.make(origin, name, metrics, {"seed": seed}, tags, network)
            else:
                self.known.update(child, tags)
        return run_id

    def make(
        self,
        origin: Mapping[str, Any],
        name: str,
        metrics: list[logged.Row],
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        network: weights.Network,
        figure: bool = False,
    ) -> str:
        """Make one run with its data set and its files; return its id."""
        span = _milliseconds(origin["started"]), _milliseconds(origin["finished"])
        data = logged.data(origin, self.results.parent)
        with tempfile.TemporaryDirectory() as folder:
            files = {"figure": self.figure} if figure else {}
            if network:
                facts = {"experiment": self.about.name, "run": name, "key": origin["key"]}
                files["model"] = [weights.save(network, facts, Path(folder))]
            return self.known.make(name, span, metrics, params, tags, data, files)
