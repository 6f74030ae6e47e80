"""Addresses as they may be shown: a password or a token in one is for the server alone."""

from __future__ import annotations

import re

# In a text: whole ones, and the path and query that urllib3 gives without the host.
IN_TEXT = re.compile(r"\w[\w+.-]*://[^\s'\"]+|(?<=url: )/[^\s'\"]+")


def public(address: str) -> str:
    """Return an address without the name, the password and the query that it may hold."""
    return re.sub(r"(?<=://)[^/?#]*@", "", address).partition("?")[0]


def publicly(text: str) -> str:
    """Return a text, such as a library's error, with every address in it made public."""
    return IN_TEXT.sub(lambda found: public(found[0]), text)
