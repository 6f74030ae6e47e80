"""The Chromium that is installed on this machine."""

from __future__ import annotations

import shutil

from relearn.errors import RelearnError

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str:
    """Return the path of the first browser that is there.

    Raises:
        RelearnError: there is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RelearnError(
            f"none of {', '.join(NAMES)} is on the PATH: install Chromium "
            "(Debian: apt install chromium; macOS: brew install chromium)"
        )
    return found
