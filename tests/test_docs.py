"""README and docs lead somewhere: a link to what is there, a command to a target that exists."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests_support import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", *DOCS]
by_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


def tokens(document: Path) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(document.read_text()):
        yield token
        yield from token.children or []


def links(document: Path) -> list[str]:
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens(document)]
    return [link for link in found if link and not link.startswith(("http:", "https:"))]


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    lines = re.findall(r"^#+ (.+)$", document.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@by_document
def test_each_link_leads_to_a_file_and_a_heading_that_are_there(document):
    for link in links(document):
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not heading or heading in headings(target), link


@by_document
def test_each_make_target_that_is_named_exists(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    code = [each.content for each in tokens(document) if each.type in ("code_inline", "fence")]
    named = re.findall(r"\bmake((?: [a-z]+(?:-[a-z]+)*)+)", "\n".join(code))
    assert {word for words in named for word in words.split()} <= targets


def test_the_readme_counts_the_verdicts_as_the_reference_does():
    claims = json.loads((ROOT / "reference/claims.json").read_text())
    count = Counter(claim["verdict"] for claim in claims)
    text = " ".join((ROOT / "README.md").read_text().split())
    assert f"Of the tutorial's {len(claims)} claims, {count['supported']} are supported, " in text
    assert f" {count['contradicted']} contradicted and {count['exact']} exact;" in text
    assert count.total() == count["supported"] + count["contradicted"] + count["exact"]


def test_the_index_leads_to_every_page():
    leads = {(ROOT / "docs" / link).resolve() for link in links(ROOT / "docs/README.md")}
    assert set(DOCS) - leads == {ROOT / "docs/README.md"}


@by_document
def test_each_test_that_is_named_exists(document):
    for path, name in re.findall(r"\b(tests/[\w/]+\.py)(?:::(\w+))?", document.read_text()):
        assert (ROOT / path).is_file(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(), f"{path}::{name}"
