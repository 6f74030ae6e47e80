"""IDX files are read exactly or refused, whatever their header claims."""

import gzip
import struct

import numpy as np
import pytest

from relearn.data import idx
from relearn.errors import DataError

TWO_BY_THREE = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes([1, 2, 3, 4, 5, 255])
LARGEST = 2**32 - 1


def header(rank, *sizes, element_type=8):
    return bytes([0, 0, element_type, rank]) + struct.pack(f">{len(sizes)}I", *sizes)


def test_decodes_big_endian_sizes_and_elements_in_c_order():
    assert idx.decode(TWO_BY_THREE).tolist() == [[1, 2, 3], [4, 5, 255]]


def test_encodes_the_same_bytes():
    assert idx.encode(np.array([[1, 2, 3], [4, 5, 255]], np.uint8)) == TWO_BY_THREE


@pytest.mark.parametrize("shape", [(1,), (7,), (300, 2), (5, 28, 28)])
def test_round_trip(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(idx.decode(idx.encode(array)), array)


def test_encodes_an_array_that_is_not_contiguous():
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(idx.decode(idx.encode(array.T)), array.T)


@pytest.mark.parametrize(
    "array", [np.zeros(3), np.zeros((2, 2, 2, 2), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_encode_refuses_what_it_could_not_decode(array):
    with pytest.raises(ValueError, match="cannot encode"):
        idx.encode(array)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not IDX"),
        (b"\0\0\x08", "not IDX"),
        (b"<!DOCTYPE html>", "not IDX"),
        (b"\0\x01" + TWO_BY_THREE[2:], "not IDX"),
        (header(1, 1, element_type=0x0D) + b"\0\0\0\0", "type is 0x0d"),
        (header(0), "rank is 0"),
        (header(4, 1, 1, 1, 1) + b"\0", "rank is 4"),
        (header(255, *[1] * 255) + b"\0", "rank is 255"),
        (header(3, 1, 1), "header cut short: 12 bytes, expected 16"),
        (TWO_BY_THREE[:-1], "need 6 bytes of elements, found 5"),
        (TWO_BY_THREE + b"\0", "need 6 bytes of elements, found 7"),
        (header(1, 0), "hold no element"),
        (header(3, 0, LARGEST, LARGEST), "hold no element"),
        (header(1, LARGEST) + b"\0", "need 4294967295 bytes"),
        (header(3, LARGEST, LARGEST, LARGEST) + b"\0", "found 1"),
        (header(2, 2**31, 2**31), "found 0"),  # their product is zero modulo 2**32
        (header(3, 2**24, 2**20, 2**20), "found 0"),  # and here modulo 2**64
    ],
)
def test_refuses_a_corrupt_file(content, reason):
    with pytest.raises(DataError, match=reason):
        idx.decode(content)


@pytest.mark.parametrize("stored", [TWO_BY_THREE, gzip.compress(TWO_BY_THREE, mtime=0)])
def test_reads_a_file_by_the_digest_of_the_stored_bytes(tmp_path, stored):
    path = tmp_path / "images.idx"
    path.write_bytes(stored)
    assert idx.read(path, idx.digest(stored).upper()).tolist() == [[1, 2, 3], [4, 5, 255]]


def test_a_read_names_the_file_the_fault_and_the_remedy(tmp_path):
    path = tmp_path / "images.idx"
    path.write_bytes(TWO_BY_THREE[:-1] + b"\xfe")
    with pytest.raises(DataError) as caught:
        idx.read(path, idx.digest(TWO_BY_THREE))
    assert str(caught.value) == (
        f"{path}: 18 bytes with SHA-256 {idx.digest(path.read_bytes())[:12]}…, "
        f"pinned is {idx.digest(TWO_BY_THREE)[:12]}…; delete it and run again"
    )


def test_a_missing_file_is_one_line_too(tmp_path):
    with pytest.raises(DataError, match="No such file.*delete it and run again$"):
        idx.read(tmp_path / "images.idx", idx.digest(TWO_BY_THREE))


def test_decompression_is_bounded():
    bomb = gzip.compress(bytes(2**24))
    with pytest.raises(DataError, match="more than 1000 bytes"):
        idx.decompress(bomb, limit=1000)


def gzip_faults():
    good = gzip.compress(TWO_BY_THREE, mtime=0)
    flipped_checksum = good[:-8] + bytes([good[-8] ^ 1]) + good[-7:]
    return [good[:-1], good[: len(good) // 2], flipped_checksum, good + b"more", b"\x1f\x8bno"]


@pytest.mark.parametrize("content", gzip_faults())
def test_corrupt_gzip_is_refused(content):
    with pytest.raises(DataError, match="corrupt gzip"):
        idx.decompress(content)
