"""IDX files, the format in which MNIST and its relatives are published.

An IDX file is a magic number (two zero bytes, the element type, the rank), one big-endian
32-bit size for each dimension, then the elements in C order; it may be gzip-compressed.
Source: Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database", section "File formats".
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from relearn.errors import DataError

UNSIGNED_BYTE = 0x08
MAX_RANK = 3
MAX_DECOMPRESSED = 2**30  # bytes; the largest published IDX file (EMNIST by class) has 0.55e9


def decode(content: bytes) -> np.ndarray:
    """Array of unsigned bytes held in uncompressed IDX `content`; a read-only view, no copy.

    Raises DataError if the magic number, the rank, or a size does not fit the bytes at hand;
    nothing is allocated from a size in the header.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DataError(f"not IDX: starts with {content[:4]!r}, not two zero bytes and a type")
    element_type, rank = content[2], content[3]
    if element_type != UNSIGNED_BYTE:
        raise DataError(f"IDX element type is 0x{element_type:02x}, only 0x08 (uint8) is read")
    if not 1 <= rank <= MAX_RANK:
        raise DataError(f"IDX rank is {rank}, expected 1 to {MAX_RANK}")
    header = 4 + 4 * rank
    if len(content) < header:
        raise DataError(f"IDX header cut short: {len(content)} bytes, expected {header}")
    shape = struct.unpack(f">{rank}I", content[4:header])
    if 0 in shape:
        raise DataError(f"IDX sizes {shape} hold no element")
    expected, found = math.prod(shape), len(content) - header
    if found != expected:
        raise DataError(f"IDX sizes {shape} need {expected} bytes of elements, found {found}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def encode(array: np.ndarray) -> bytes:
    """Uncompressed IDX bytes of a uint8 `array` of rank 1 to 3 without an empty dimension."""
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MAX_RANK or array.size == 0:
        raise ValueError(f"cannot encode {array.dtype} of shape {array.shape} as IDX")
    magic = bytes([0, 0, UNSIGNED_BYTE, array.ndim])
    return magic + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def read(path: Path, sha256: str) -> np.ndarray:
    """Array in the IDX file at `path`, gzip-compressed or not.

    `sha256` is the pinned digest (hexadecimal) of the bytes as stored. Raises DataError if the
    file cannot be read, has another digest, or is not IDX.
    """
    try:
        content = Path(path).read_bytes()
        check(content, sha256)
        return decode(decompress(content))
    except (OSError, DataError) as error:
        raise DataError(f"{path}: {error}; delete it and run again") from error


def check(content: bytes, sha256: str) -> None:
    """Raise DataError unless the SHA-256 of `content` is `sha256` (hexadecimal, either case)."""
    found = digest(content)
    if found != sha256.lower():
        kind = "an HTML page, " if content.lstrip()[:1] == b"<" else ""
        raise DataError(
            f"{kind}{len(content)} bytes with SHA-256 {found[:12]}…, pinned is {sha256[:12]}…"
        )


def digest(content: bytes) -> str:
    """SHA-256 of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def decompress(content: bytes, limit: int = MAX_DECOMPRESSED) -> bytes:
    """`content` without its gzip compression, if it has any.

    Raises DataError if the gzip stream is corrupt, cut short, or longer than `limit` bytes.
    """
    if content[:2] != b"\x1f\x8b":
        return content
    result = bytearray()
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            while block := stream.read(2**20):
                result += block
                if len(result) > limit:
                    raise DataError(f"decompresses to more than {limit} bytes")
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"corrupt gzip: {error}") from error
    return bytes(result)
