"""One experiment as the page shows it: prose, figure, verdicts, and how they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relearn.experiments import catalogue
from relearn.report import forest, formats, made, prose, svg
from relearn.report.context import Context
from relearn.report.language import LANGUAGES, Languages
from relearn.report.results import Results
from relearn.runs import provenance
from relearn.runs.described import ROWS
from relearn.runs.registration import Registration

MISSING = "missing"
INLINED = 1_000_000  # bytes of a figure that the page shows; a larger one is named instead


@dataclass(frozen=True)
class Part:
    """A verdict with its effect, of a claim or of one of its conditions."""

    name: str
    verdict: str
    estimate: str
    interval: str
    unit: str
    threshold: str
    seeds: str
    note: str
    measure: str = ""
    reason: str = ""
    plot: forest.Plot | None = None
    size: str = ""


@dataclass(frozen=True)
class Claim:
    """A claim of the config and what became of it.

    `why` is the prose's sentence by language, as HTML, for this verdict; `seconds` the core time of
    its whole experiment, which it may share with other claims; both may be empty.
    """

    id: str
    text: str
    effect: str
    reason: str
    whole: Part
    parts: list[Part]
    why: Mapping[str, str]
    seconds: float | None
    registration: Registration | None


@dataclass(frozen=True)
class Section:
    """One experiment."""

    name: str
    chapter: str
    chapter_title: str
    prose: Mapping[str, prose.Prose]
    claims: list[Claim]
    picture: svg.Picture | None
    picture_missing: str
    description: list[tuple[str, int | None]]
    drawn: made.Download | None
    variants: list[made.Variant]
    origins: list[Mapping[str, Any]]
    notes: list[str]
    module: str
    source: str
    settings: str
    command: str


def section(
    experiment: str,
    results: Results,
    languages: Languages,
    folder: Path,
    registered: Mapping[str, Registration],
) -> Section:
    """Return one experiment's section; what is missing carries its reason.

    Raises:
        RelearnError: its prose is missing, or says something that the results do not have.
    """
    block = results.config["experiments"][experiment]
    module = catalogue.module(experiment)
    context = Context(experiment, getattr(module, "LISTING", None), results)
    drawing = results.file(f"figures/{experiment}.svg")
    unseen = ""
    if not drawing:
        unseen = results.reason(experiment, "figure")
    elif len(drawing) > INLINED:
        size = formats.size(len(drawing))
        unseen = f"Too large for this page, {size}: open results/figures/{experiment}.svg."
    picture = None if unseen else svg.inline(drawing, f"figure-{experiment}", languages)
    own = [note for note in results.notes if note["wildcards"].get("experiment") == experiment]
    texts = {}
    for language in LANGUAGES:
        path, spoken = prose.find(folder, language, experiment)
        texts[language] = prose.load(
            path,
            spoken,
            context.names,
            lambda text, spoken=spoken: languages.says(text, spoken) or text,
        )
    origins = {name: results.provenance(experiment, name) for name in block["variants"]}
    known = [origin for origin in origins.values() if origin]
    chapter, chapter_title = catalogue.chapter(block)
    return Section(
        name=experiment,
        chapter=chapter,
        chapter_title=chapter_title,
        prose=texts,
        claims=[
            claim(
                name,
                results,
                experiment,
                why=_why(name, texts, results),
                seconds=sum(map(core_seconds, known)) if known else None,
                registration=registered.get(name),
            )
            for name in block["claims"]
        ],
        picture=picture,
        picture_missing=unseen,
        description=_described(results.file(f"figures/{experiment}.txt") or "", picture),
        drawn=made.download(
            results, f"figures/{experiment}.csv", f"{experiment}.csv", f"{experiment}.csv"
        ),
        variants=made.rows(experiment, origins, results),
        origins=known,
        notes=[f"{'/'.join([n['rule'], *n['wildcards'].values()])}: {n['error']}" for n in own],
        module=f"src/{module.__name__.replace('.', '/')}.py",
        source=Path(module.__file__).read_text(encoding="utf-8"),
        settings=_settings(experiment, block),
        command=provenance.command(
            results.config["scale"], "draw", f"results/figures/{experiment}.svg"
        ),
    )


def claim(name: str, results: Results, experiment: str, **beside: Any) -> Claim:
    """Return a claim of the config with its verdict, or with why it has none."""
    block = results.config["experiments"][experiment]["claims"][name]
    found = results.claims.get(name)
    if found is None:
        reason = results.reason(experiment, "verdict")
        threshold = formats.plain(block["threshold"])
        none = formats.NONE
        whole = Part(name, MISSING, none, "", block["unit"], threshold, none, reason)
        return Claim(name, block["claim"], block["effect"], block["reason"], whole, [], **beside)
    stated = {each: {**block, **own} for each, own in block.get("parts", {}).items()}
    parts = [
        part(each["condition"], each, stated[each["name"]]["reason"])
        for each in found["conditions"]
    ]
    deciding = stated.get(found["weakest"], block)
    whole = part(name, found, deciding["reason"])
    return Claim(
        name, found["claim"], found["effect"]["name"], deciding["reason"], whole, parts, **beside
    )


def _described(text: str, picture: svg.Picture | None) -> list[tuple[str, int | None]]:
    """Return a figure's lines of words, each with the only frame that it is about, if any."""
    frames = {f"At {stop}: ": at for at, stop in enumerate(picture.stops if picture else ())}
    lines = []
    for line in text.strip().splitlines():
        before = next((each for each in frames if line.startswith(each)), "")
        lines.append((line.removeprefix(before), frames.get(before)))
    return lines


def _why(name: str, texts: Mapping[str, prose.Prose], results: Results) -> dict[str, str]:
    """Return the prose's sentences where the verdict is the one that they explain."""
    verdict = results.claims.get(name, {}).get("verdict")
    found = {language: text.why.get(name, ("", "")) for language, text in texts.items()}
    return {language: said for language, (explained, said) in found.items() if explained == verdict}


def core_seconds(origin: Mapping[str, Any]) -> float:
    """Return the core time of one variant's run."""
    return origin["seconds"] * origin["threads"]


def part(name: str, found: Mapping[str, Any], reason: str = "") -> Part:
    """Return a verdict of claims.json, a claim's or a condition's, as a page shows it."""
    effect = found["effect"]
    estimate, interval = formats.effect(effect, found["kind"] == "exact")
    return Part(
        name,
        found["verdict"],
        estimate,
        interval,
        effect["unit"],
        formats.plain(effect["threshold"]),
        formats.thousands(found["seeds"]),
        found["note"],
        effect["name"],
        reason,
        forest.plot(effect, found["kind"]),
        forest.size(effect, found["kind"]),
    )


def _settings(experiment: str, block: Mapping[str, Any]) -> str:
    """Return an experiment's values as YAML; its claims stand in the verdicts."""
    lines = [f"{experiment}:"]
    for key, value in block.items():
        if key not in ("variants", "claims"):
            lines.append(f"  {key}: {_yaml(value)}")
    if len(block["variants"]) > ROWS:
        count = formats.thousands(len(block["variants"]))
        return "\n".join([*lines, f"  variants:  # {count}, see config/"])
    lines.append("  variants:")
    return "\n".join(
        lines + [f"    {name}: {_yaml(own)}" for name, own in block["variants"].items()]
    )


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
