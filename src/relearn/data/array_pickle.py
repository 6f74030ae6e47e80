"""Reads pickles of NumPy arrays of numbers, in tuples or lists, and no other pickle.

A pickle is a program. One that may call nothing but what rebuilds an array can still write where it
likes (it fills an array, then makes its type one of objects), take gigabytes with ten bytes (a
place in the memo) and years with a hundred (the hash of nested tuples). So its opcodes are read
before any is carried out, NumPy's names stand for what checks all that it is given, and there are
no more bytes in the arrays than in the pickle.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
from math import prod
from typing import Any

import numpy as np

from relearn.errors import DataError

MOST = 1000  # opcodes; the six arrays of MNIST take 130
# No dictionary or set, which would hash, and nothing that calls but REDUCE and BUILD.
ADMITTED = frozenset(
    "PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 "
    "STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
    "BINBYTES SHORT_BINBYTES BINBYTES8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 "
    "EMPTY_LIST LIST APPEND APPENDS PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET "
    "GLOBAL STACK_GLOBAL REDUCE BUILD".split()
)
PLACES = {"PUT", "BINPUT", "LONG_BINPUT"}
NUMBERS = re.compile(r"b1|[iu][1248]|f[248]")
SIDES, SIDE = 32, 2**31  # an array has no more sides, none longer: larger products take years
PLAIN = (None, None, None, -1, -1, 0)  # what a dtype without parts has beside its byte order


def load(content: bytes) -> Any:
    """Return what the pickle `content` holds: arrays of numbers in tuples or lists.

    Raises DataError for any other pickle, or for one that is corrupt or cut short.
    """
    try:
        _check_opcodes(content)
        # latin1 is how Python 3 reads the bytes in a pickle that Python 2 wrote.
        return _Unpickler(io.BytesIO(content), len(content)).load()
    except DataError:
        raise
    except Exception as error:  # a spoilt pickle fails in any of a dozen ways
        raise DataError(f"corrupt pickle: {type(error).__name__}: {error}") from error


def _check_opcodes(content: bytes) -> None:
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if opcode.name not in ADMITTED:
            raise DataError(f"the pickle has the opcode {opcode.name}, which no array needs")
        if count >= MOST:
            raise DataError(f"the pickle has more than {MOST} opcodes, an array needs few")
        if opcode.name in PLACES and not 0 <= argument < MOST:  # the memo is as long as its index
            raise DataError(f"the pickle keeps {argument} things in mind, an array needs few")


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, room: int):
        super().__init__(stream, encoding="latin1")
        self.room = room  # bytes that arrays may still take

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy", "dtype"):
            return _Numbers
        if (module, name) == ("numpy", "ndarray"):
            return "ndarray"  # given to _reconstruct, never called
        # NumPy 1 wrote the first name, NumPy 2 the second.
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return self._reconstruct
        raise DataError(f"the pickle asks for {module}.{name}, not an array")

    def _reconstruct(self, *_: Any) -> _Array:
        array = np.empty(0, np.uint8).view(_Array)
        array.take = self._take
        return array

    def _take(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise DataError("the arrays of the pickle hold more bytes than it has")


class _Numbers:
    """Stands for numpy.dtype: numbers of one size and byte order."""

    def __init__(self, name: str, *_: Any):
        if not isinstance(name, str) or not NUMBERS.fullmatch(name):
            raise DataError(f"the pickle holds elements of type {str(name)[:20]!r}, not numbers")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        version, order, *rest = state
        if version != 3 or order not in ("<", ">", "|", "=") or tuple(rest) != PLAIN:
            raise DataError("the pickle changes a type of numbers into another")
        self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray):
    """An array that takes its content from a pickle only if all of it fits together."""

    def __setstate__(self, state: Any) -> None:
        _, shape, numbers, in_columns, raw = state
        if isinstance(raw, str):
            raw = raw.encode("latin1")
        whole = isinstance(shape, tuple) and len(shape) <= SIDES
        whole = whole and all(type(n) is int and 0 <= n < SIDE for n in shape)
        if not whole or not isinstance(numbers, _Numbers) or not isinstance(raw, bytes):
            raise DataError("the pickle describes no array of numbers")
        if prod(shape) * numbers.dtype.itemsize != len(raw):
            raise DataError(f"the pickle has {len(raw)} bytes for an array of shape {shape}")
        self.take(len(raw))
        super().__setstate__((1, shape, numbers.dtype, bool(in_columns), raw))
