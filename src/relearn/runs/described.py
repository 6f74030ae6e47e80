"""What MLflow's page says in words: descriptions in Markdown, verdicts, a table for comparing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The report under `make ui`, which serves it beside MLflow's page, and in the project.
REPORT = "results/report/index.html"
ROWS = 50  # variants of one experiment that have a row each in it; more share one
NOTE, NOTED = "mlflow.note.content", "relearn.note"
CLAIM = "claim."
KIND = {"mlflow.experimentKind": "custom_model_development"}  # else the page speaks of traces
VIEW = "mlflow.sharedViewState."
ROOM = 5000  # characters of an experiment's tag that MLflow has room for
INTERVALS, COLUMNS = 4, 24  # measures shown with their intervals; columns of measures at most


def row_anchor(experiment: str, variant: str, variants: int) -> str:
    """Return the id of the row for one of an experiment's variants, or of the table they share."""
    return f"run-{experiment}-{variant}" if variants <= ROWS else f"made-{experiment}"


def link(text: str, anchor: str, served: bool) -> str:
    """Return a link to a place of the report, or its path where nothing serves the report."""
    place = f"{REPORT}#{anchor}"
    return f"[{text}](/{place})" if served else f"{text}: `{place}`"


@dataclass(frozen=True)
class About:
    """What is said of an experiment and its variants.

    Attributes:
        question: what the experiment asks.
        variants: how many it has.
        claims: its objects of claims.json; none before they are judged.
        scale: the name of the config's scale.
        served: whether the page that shows the runs has the report beside it.
    """

    name: str
    question: str
    variants: int
    claims: Sequence[Mapping[str, Any]]
    scale: str
    served: bool

    @property
    def verdicts(self) -> dict[str, str]:
        """The scale, and a tag for each claim."""
        verdicts = {f"{CLAIM}{claim['id']}": claim["verdict"] for claim in self.claims}
        return {**verdicts, "relearn.scale": self.scale}

    @property
    def tags(self) -> dict[str, str]:
        """Those of the experiment's tags that are known before its runs."""
        return {**KIND, **self.verdicts}

    def experiment(
        self, experiment_id: str, apart: Sequence[str], measures: Sequence[str]
    ) -> dict[str, str]:
        """Return the experiment's tags.

        Args:
            apart: the parameters that set its variants apart.
            measures: the names of its scalars.
        """
        compare = f"/#/experiments/{experiment_id}/runs?viewStateShareKey=variants"
        claims = [
            f"- **{claim['id']}, {claim['verdict']}**: {claim['claim']}{_effect(claim)}"
            for claim in self.claims
        ]
        lines = [  # what is too long is cut at its end
            self.question,
            "",
            f"- [Compare the variants]({compare}): what sets them apart, and what came out",
            f"- {link('Question, figure and verdicts in the report', self.name, self.served)}",
            "- A run is a variant; below it stands one for each seed that is a training.",
            *(["", *claims] if claims else []),
        ]
        view = {f"{VIEW}variants": _view(apart, measures)}
        return {**self.tags, **view, **_noted("\n".join(lines))}

    def variant(self, provenance: Mapping[str, Any], apart: Iterable[str]) -> dict[str, str]:
        """Return the tags of a variant's run that say what it is and what came of it."""
        params = provenance["params"]
        anchor = row_anchor(self.name, provenance["variant"], self.variants)
        own = ", ".join(f"{name} {json.dumps(params[name])}" for name in apart if name in params)
        lines = [  # the page folds what is below the first
            link("In the report", anchor, self.served),
            *(["", f"Set apart by {own}."] if own else []),
            "",
            f"Remake: `{provenance['command']}`",
        ]
        return {**self.verdicts, **_noted("\n".join(lines))}


def pipeline() -> dict[str, str]:
    """Return the tags of the experiment that has what belongs to no other."""
    return KIND | _noted("Jobs that belong to no experiment, here while their failure stands.")


def differing(params: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the parameters that are not the same in all variants."""
    names = dict.fromkeys(name for each in params for name in each)
    return [name for name in names if any(p.get(name) != params[0].get(name) for p in params)]


def outdated(now: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted tags that are to be set; a description that a person has edited stays."""
    changed = {name: value for name, value in wanted.items() if now.get(name) != value}
    if NOTE in now and _digest(now[NOTE]) != now.get(NOTED):
        for name in (NOTE, NOTED):
            changed.pop(name, None)
    return changed


def withdrawn(now: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return the tags of claims that are no longer made."""
    return [name for name in now if name.startswith(CLAIM) and name not in wanted]


def _noted(note: str) -> dict[str, str]:
    if len(note) > ROOM:
        note = note[: ROOM - 2] + " …"
    return {NOTE: note, NOTED: _digest(note)}


def _digest(note: str) -> str:
    return hashlib.sha256(note.encode()).hexdigest()[:16]


def _effect(claim: Mapping[str, Any]) -> str:
    """Return a claim's effect in brackets, with its interval and the part it is of, if any."""
    effect = claim["effect"]
    if effect["estimate"] is None:
        return ""
    ends = claim["kind"] != "exact" and effect["low"] is not None
    interval = f", {effect['low']:.3g} to {effect['high']:.3g}" if ends else ""
    weakest = f"; the weakest part, {claim['weakest']}" if claim["weakest"] else ""
    return f" (effect {effect['estimate']:.3g}{interval} {effect['unit']}{weakest})"


def _view(apart: Iterable[str], measures: Sequence[str]) -> str:
    """Return the state of MLflow's page in which it shows the current variants as a table.

    The page keeps such a state in a tag when a person shares a view, and opens it by its name.
    """
    intervals = [f"{name}{end}" for name in measures[:INTERVALS] for end in ("", "_low", "_high")]
    shown = [*intervals, *measures[INTERVALS:]][:COLUMNS]
    columns = [
        *(f"params.`{name}`" for name in apart),
        *(f"metrics.`{name}`" for name in shown),
    ]
    while len(state := _state(columns)) > ROOM:
        columns.pop()
    return state


def _state(columns: Sequence[str]) -> str:
    current = "tags.`relearn.level` = 'variant' AND tags.`relearn.current` = 'true'"
    return json.dumps({"searchFilter": current, "selectedColumns": columns, "columnOrder": columns})
