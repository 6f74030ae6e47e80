"""What every page has in common: one file with its style and font, in every language."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from relearn.report import formats
from relearn.report.language import LANGUAGES, Languages, sides

HERE = Path(__file__).parent
PROSE = HERE / "prose"


def render(template: str, languages: Languages, root: Path = Path(), **values: Any) -> str:
    """Return a page as HTML that loads nothing.

    Args:
        template: its name in `templates/`.
        languages: what it is said in.
        root: the checkout, to shorten paths in what is shown.
        values: what the template asks for.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": formats.duration,
        "thousands": formats.thousands,
        "here": lambda text: text.replace(f"{Path(root).resolve()}/", ""),
        "markup": Markup,
    }
    environment.globals |= {
        "both": languages.both,
        "named": languages.named,
        "told": languages.told,
        "said": sides,
        "said_texts": lambda texts, name: sides(
            {language: getattr(text, name) for language, text in texts.items()}
        ),
    }
    script = (HERE / "templates" / "page.js").read_text(encoding="utf-8")
    return environment.get_template(template).render(
        style=Markup(_compact((HERE / "templates" / "style.css").read_text(encoding="utf-8"))),
        script=Markup(script),
        script_digest=_base64(hashlib.sha256(script.encode()).digest()),
        font=_base64((HERE / "fonts" / "NotoSansTC.woff2").read_bytes()),
        languages=LANGUAGES,
        **values,
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _compact(css: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()
