"""Errors that a user can mend: one line each, naming the place, the value and the remedy."""

LONGEST, LAST = 1500, 300  # characters of a message, and of its end, which says what to do


class RelearnError(Exception):
    """Base of every expected error; anything else that escapes is a bug."""

    def __str__(self) -> str:
        """The message as one line with both its ends, whatever a file's content put into it."""
        text = "".join(each if each.isprintable() else " " for each in super().__str__())
        return text if len(text) <= LONGEST else f"{text[: LONGEST - LAST]} … {text[-LAST:]}"


class ConfigError(RelearnError):
    """A value in the config is unknown, of the wrong type, or out of range."""


class DataError(RelearnError):
    """A data file is missing, corrupt, or not what was pinned."""
