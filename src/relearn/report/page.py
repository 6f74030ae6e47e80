"""The report: one HTML file that holds all it shows, of bounded size; large tables are linked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from relearn.report import origin, speed
from relearn.report.language import ENGLISH, Languages
from relearn.report.layout import PROSE, render
from relearn.report.results import Results
from relearn.report.sections import MISSING, Section, section
from relearn.runs.registration import Registration

VERDICTS = {
    "supported": "the whole 95 % interval lies above δ",
    "contradicted": "the whole interval lies below δ: the effect is reversed or too small",
    "inconclusive": "the interval contains δ, or the verdict did not survive Holm's correction",
    "exact": "a fact of arithmetic, checked to the tolerance",
}
SIZES = {
    "large": "larger than δ",
    "small": "too small",
    "reversed": "reversed",
    "uncertain": "around δ",
    "exact": "a fact, not an effect",
}
LINK = re.compile(r"</?a\b[^>]*>")


@dataclass(frozen=True)
class Page:
    """The report.

    Attributes:
        html: the whole page, in every language.
        captions: the figures' captions in English, as reStructuredText, each between its
            experiment's name and `end` in brackets: what Snakemake's own report includes.
    """

    html: str
    captions: str


def build(
    results: Path,
    config: Mapping[str, Any],
    root: Path,
    prose: Path = PROSE,
    registered: Mapping[str, Registration] = MappingProxyType({}),
) -> Page:
    """Return the page, and what of it Snakemake's own report shows.

    Args:
        results: the results folder; nothing else is read but the package's own files.
        config: the merged config.
        root: the checkout, to shorten paths in what is shown.
        prose: the folder of `<language>/<experiment>.md` and `<language>/messages.yaml`; a section
            without prose in a language is shown in another, marked.
        registered: claim to when its threshold was committed; empty outside git.

    Raises:
        RelearnError: prose is missing, or says something that the results do not have.
    """
    shelf = Results(results, config)
    languages = Languages(prose)
    sections = [
        section(name, shelf, languages, prose, registered) for name in config["experiments"]
    ]
    rules = origin.costs(shelf)
    html = render(
        "page.html.j2",
        languages,
        root,
        chapters=_chapters(sections),
        stops=max((len(each.picture.stops) for each in sections if each.picture), default=0),
        scale=config["scale"],
        seed_base=config["seed_base"],
        sections=sections,
        verdicts=VERDICTS,
        sizes=SIZES,
        counts=_counts(sections),
        origin=origin.facts(record for each in sections for record in each.origins),
        rules=rules,
        box=origin.BOX,
        extent=origin.extent(rules),
        seeds=origin.seeds(config),
        speed=speed.measured(shelf),
        measured_on=speed.origins(shelf),
    )
    return Page(html, "\n".join(map(_caption, sections)))


def _caption(section: Section) -> str:
    """Return a figure's caption, without the links, which lead to places of the page."""
    text = section.prose[ENGLISH]
    unlinked = " ".join(LINK.sub("", text.caption or text.title).split())
    return f"[{section.name}]\n\n.. raw:: html\n\n   <p>{unlinked}</p>\n\n[end]\n"


def _chapters(sections: Sequence[Section]) -> list[tuple[str, str, list[Section]]]:
    """Return the tutorial's chapters: number, title and sections, in the order of the numbers."""
    own: dict[str, list[Section]] = {}
    for each in sections:
        own.setdefault(each.chapter, []).append(each)
    return [(number, own[number][0].chapter_title, own[number]) for number in sorted(own, key=int)]


def _counts(sections: Sequence[Section]) -> dict[str, int]:
    """Return how many claims have each verdict, in the order of the legend."""
    found = Counter(claim.whole.verdict for each in sections for claim in each.claims)
    return {name: found[name] for name in (*VERDICTS, MISSING) if found[name]}
