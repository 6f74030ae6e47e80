"""Turns one experiment's prose into HTML: Jinja2 fills in the numbers, Markdown gives the form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    meta,
)
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from relearn.errors import RelearnError
from relearn.report.formats import FILTERS
from relearn.report.results import MissingResult

EXPRESSION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
CAPTION = re.compile("Figure: ")
WHY = re.compile(r"Why ([0-9]+[a-z]) \((\w+)\): ")
MISTAKES = (RelearnError, TemplateError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Prose:
    """One experiment's prose.

    Attributes:
        title, title_text: the section's title as HTML and as plain text.
        language: the language it is in.
        before, after: HTML before and after the figure.
        caption: the figure's caption as HTML, or empty.
        why: claim to a verdict and the sentence, as HTML, that says why it is this one.
        missing: why there is no text, or empty.
    """

    title: str
    title_text: str
    language: str
    before: str = ""
    caption: str = ""
    after: str = ""
    why: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    missing: str = ""


def find(folder: Path, language: str, experiment: str) -> tuple[Path, str]:
    """Return an experiment's prose file and its language: the one asked for, else another.

    Raises:
        RelearnError: there is none in any language.
    """
    others = sorted(path.parent.name for path in folder.glob(f"*/{experiment}.md"))
    if not others:
        raise RelearnError(
            f"{folder.name}/{language}/{experiment}.md: no prose for this experiment; write it"
        )
    chosen = language if language in others else others[0]
    return folder / chosen / f"{experiment}.md", chosen


def load(
    path: Path,
    language: str,
    names: Callable[[set[str]], dict[str, Any]],
    said: Callable[[str], str] = str,
) -> Prose:
    """Return a prose file with its numbers filled in.

    Args:
        names: given the names that the prose mentions, returns those that it may use.
        said: says what the results say in the prose's language, as the filter of that name.

    Raises:
        RelearnError: one line with the file, the line and the expression that has no number.
    """
    source = path.read_text(encoding="utf-8")
    place = f"{path.parent.name}/{path.name}"
    environment = _environment(path.parent)
    environment.filters["said"] = said
    context: dict[str, Any] = {}
    try:
        context = names(meta.find_undeclared_variables(environment.parse(source)))
        text = environment.get_template(path.name).render(context)
    except MissingResult as error:
        heading = HEADING.search(source)
        title = heading[1] if heading else path.stem
        return Prose(str(Markup.escape(title)), title, language, missing=str(error))
    except TemplateSyntaxError as error:
        raise RelearnError(f"{place}:{error.lineno}: {error.message}; mend the prose") from None
    except MISTAKES as error:
        line = _line(error, str(path))
        blamed = _blame(environment, context, source, line)
        message = str(error).replace("\n", " ")
        raise RelearnError(f"{place}:{line}: {blamed}: {message}") from error
    return _html(text, place, language)


def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # the Markdown renderer escapes; it has raw HTML off
    )
    environment.filters |= FILTERS
    return environment


def _finalize(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise RelearnError(f"{value} is not finite; say in words what happened")
    if not isinstance(value, str | int | float | StrictUndefined):
        raise RelearnError(f"a {type(value).__name__} is not text; use a filter or an attribute")
    return value


def _line(error: BaseException, filename: str) -> int:
    lines = [
        line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == filename
    ]
    return lines[-1] if lines else 1


def _blame(environment: Environment, context: dict[str, Any], source: str, line: int) -> str:
    """Return the expression of the line that fails by itself, or else all that stand on it."""
    found = []
    for match in EXPRESSION.finditer(source):
        start, end = (source.count("\n", 0, place) + 1 for place in match.span())
        if start <= line <= end:
            found.append(match[0])
    failing = [text for text in found if _fails(environment, context, text)]
    return " ".join(" ".join(failing[:1] or found or ["a statement"]).split())


def _fails(environment: Environment, context: dict[str, Any], text: str) -> bool:
    try:
        environment.from_string(text).render(context)
    except Exception:
        return True
    return False


def _html(text: str, place: str, language: str) -> Prose:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", lambda *_: "</table>\n</div>\n")
    markdown.add_render_rule("link_open", _link_open)
    tokens = markdown.parse(text)
    if not tokens or tokens[0].tag != "h1":
        raise RelearnError(f"{place}:1: the prose has no title; begin it with '# Title'")

    def render(part: Sequence[Token]) -> str:
        return markdown.renderer.render(part, markdown.options, {})

    title, body = tokens[1], _structured(tokens[3:])
    why = {}
    for at in reversed([at for at, token in enumerate(body) if _begins(token, WHY)]):
        claim, verdict = WHY.match(body[at].content).groups()
        why[claim] = verdict, render([_without(body[at], WHY)])
        del body[at - 1 : at + 2]
    split = next((at for at, token in enumerate(body) if _begins(token, CAPTION)), None)
    before, caption, after = body, "", []
    if split is not None:
        caption = render([_without(body[split], CAPTION)])
        before, after = body[: split - 1], body[split + 2 :]
    return Prose(
        title=render([title]),
        title_text="".join(child.content for child in title.children),
        language=language,
        before=render(before),
        caption=caption,
        after=render(after),
        why=why,
    )


def _begins(token: Token, mark: re.Pattern) -> bool:
    """Return whether this is the text of a paragraph of its own that begins with the mark."""
    return token.type == "inline" and token.level == 1 and bool(mark.match(token.content))


def _without(token: Token, mark: re.Pattern) -> Token:
    token.children[0].content = mark.sub("", token.children[0].content, count=1)
    return token


def _structured(tokens: list[Token]) -> list[Token]:
    """Put headings below the section's and mark the tables' header cells; an empty one is none."""
    opens_row = False
    for at, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        elif token.type == "th_open" and tokens[at + 1].content:
            token.attrSet("scope", "col")
        elif token.type == "th_open":
            token.tag = tokens[at + 2].tag = "td"
        elif token.type == "td_open" and opens_row:
            token.tag = "th"
            token.attrSet("scope", "row")
        elif token.type == "td_close" and opens_row:
            token.tag, opens_row = "th", False
        opens_row = opens_row or token.type == "tr_open"
        if token.type == "th_close":
            opens_row = False
    return tokens


def _table_open(*_: Any) -> str:
    return '<div class="scroll" tabindex="0">\n<table>\n'


def _link_open(renderer: Any, tokens: Sequence[Token], at: int, options: Any, _: Any) -> str:
    """A number's link to its source has a title; the keyboard passes it by, there are so many."""
    if tokens[at].attrGet("title"):
        tokens[at].attrSet("class", "source")
        tokens[at].attrSet("tabindex", "-1")
    return renderer.renderToken(tokens, at, options, {})
