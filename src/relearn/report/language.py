"""Says what the report says in each of its languages, side by side; the reader chooses in the page.

English is what the code, the config and the results say. Another language has a file
`prose/<language>/messages.yaml` from what is said in English to what is said there. A `{}` in a
message stands for a number or for a text that has a message too; a `{*}` for anything, as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from relearn.errors import RelearnError

ENGLISH = "en"
GAP, ANYTHING = re.compile(r"\{\*?\}"), "{*}"
LANGUAGES = {ENGLISH: "English", "zh-Hant": "繁體中文"}


class Language:
    """What is said in English, said in one other language."""

    def __init__(self, messages: Mapping[str, str]):
        self._plain = {text: said for text, said in messages.items() if not GAP.search(text)}
        self._patterns = [
            (re.compile("(.+)".join(map(re.escape, GAP.split(text)))), GAP.findall(text), said)
            for text, said in messages.items()
            if GAP.search(text)
        ]
        self._known: dict[str, str | None] = {}

    def says(self, text: str) -> str | None:
        """Return the text in this language, or None; what has no letters is the same in all."""
        if text not in self._known:
            self._known[text] = self._find(" ".join(text.split()))
        return self._known[text]

    @property
    def missing(self) -> set[str]:
        """What was asked for and is not known."""
        return {text for text, said in self._known.items() if said is None}

    def _find(self, text: str) -> str | None:
        if not any(map(str.isalpha, text)):
            return text
        if text in self._plain:
            return self._plain[text]
        for pattern, gaps, said in self._patterns:
            if match := pattern.fullmatch(text):
                parts = [
                    part if gap == ANYTHING else self._find(part)
                    for gap, part in zip(gaps, match.groups(), strict=True)
                ]
                if None not in parts:
                    return said.format(*parts)
        return None


def sides(said: Mapping[str, str]) -> Markup:
    """Return HTML in each language, one after the other, of which the page shows one."""
    return Markup("").join(
        Markup('<span class="l" lang="{}">{}</span>').format(name, Markup(html))
        for name, html in said.items()
    )


class Languages:
    """All the languages of a page, as its template and its figures use them."""

    def __init__(self, folder: Path):
        self.others = {name: _read(folder / name) for name in LANGUAGES if name != ENGLISH}

    def says(self, text: str, language: str) -> str | None:
        """Return English text in a language, or None if it is not known there."""
        return text if language == ENGLISH else self.others[language].says(text)

    def both(self, text: str, **values: Any) -> Markup:
        """Return a message in every language, one after the other, of which the page shows one.

        Args:
            values: what stands for the names in braces, numbers or Markup.
        """

        def filled(message: str) -> Markup:
            return escape(message).format(**values) if values else escape(message)

        said = {name: self.says(text, name) for name in LANGUAGES}
        if len(set(said.values())) == 1:
            return filled(text)
        return sides({name: filled(known or text) for name, known in said.items()})

    def named(self, text: str) -> Markup:
        """Return attributes that name an element; the page's script sets the reader's language."""
        return Markup('aria-label="{}" {}').format(text, self.told(text))

    def told(self, text: str, before: str = "") -> Markup:
        """Return a message where no elements can stand, as attributes, one a language.

        Args:
            before: what stands before it, the same in each language.
        """
        return Markup(" ").join(
            Markup('data-{}="{}{}"').format(name, before, self.says(text, name) or text)
            for name in LANGUAGES
        )

    def missing(self) -> dict[str, set[str]]:
        """Return what could not be said, by language."""
        return {name: language.missing for name, language in self.others.items()}


def _read(folder: Path) -> Language:
    path = folder / "messages.yaml"
    try:
        messages = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except yaml.YAMLError as error:
        place = " ".join(str(error).split())
        raise RelearnError(f"{folder.name}/messages.yaml: {place}; mend the file") from error
    return Language(messages or {})
