"""Errors that a user can mend: one line each, naming the place, the value and the remedy."""


class RelearnError(Exception):
    """Base of every expected error; anything else that escapes is a bug."""


class ConfigError(RelearnError):
    """A value in the config is unknown, of the wrong type, or out of range."""


class DataError(RelearnError):
    """A data file is missing, corrupt, or not what was pinned."""
