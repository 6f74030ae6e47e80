"""Only arrays of numbers come out of a pickle, whatever it asks for; see also tests/fuzz."""

import pickle
import struct

import numpy as np
import pytest

from relearn.data import array_pickle
from relearn.errors import DataError

RECONSTRUCT = "numpy._core.multiarray _reconstruct"


def name(text):
    module, name = text.split()
    return f"c{module}\n{name}\n".encode()


def value(python):
    """The opcodes that leave a value on the stack, without those of a whole pickle."""
    return pickle.dumps(python, 2)[2:-1]


def content(raw):
    return b"B" + struct.pack("<I", len(raw)) + raw


TWO_FLOATS = content(bytes(8))


EMPTY = name(RECONSTRUCT) + name("numpy ndarray") + value((0,)) + value("b") + b"\x87R"


def array(numbers, shape=(2,), raw=TWO_FLOATS):
    """The opcodes of an array, from those that leave its type and its content on the stack."""
    return EMPTY + b"(" + value(1) + value(shape) + numbers + value(False) + raw + b"tb"


def dtype(kind, state=(3, "<", None, None, None, -1, -1, 0)):
    return name("numpy dtype") + value((kind, False, True)) + b"R" + value(state) + b"b"


def pickled(opcodes):
    return b"\x80\x04" + opcodes + b"."


def test_the_opcodes_of_these_tests_make_an_array():
    found = array_pickle.load(pickled(array(dtype("f4"), raw=content(struct.pack("<2f", 1.5, -2)))))
    assert found.tolist() == [1.5, -2]


def test_an_array_that_is_given_no_content_is_empty():
    assert array_pickle.load(pickled(EMPTY)).tolist() == []


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("kind", ["b1", "u1", "<i8", ">i2", "<f4", ">f8"])
def test_numbers_of_every_kind_come_back(kind, protocol):
    numbers = np.array([[0, 1, 1], [1, 0, 1]]).astype(kind)
    ((found,), [other]) = array_pickle.load(pickle.dumps(((numbers,), [numbers.T]), protocol))
    assert found.dtype == numbers.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, numbers)
    np.testing.assert_array_equal(other, numbers.T)


def test_what_python_2_wrote_comes_back():
    # The content as a string of bytes, which is what U says, and names as NumPy 1 had them.
    old = array(dtype("u1"), (3,), b"U\x03\x00\x80\xff").replace(b"numpy._core", b"numpy.core")
    assert array_pickle.load(pickled(old)).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "asked", ["builtins eval", "os system", "numpy load", "numpy._core.multiarray fromfile"]
)
def test_no_other_name_is_looked_up(asked):
    with pytest.raises(DataError, match=f"asks for {asked.replace(' ', '.')}, not an array"):
        array_pickle.load(pickled(name(asked)))


HOSTILE = {
    "a name that is called": (name("numpy ndarray") + value((4,)) + b"R", "not callable"),
    "an array of objects": (array(dtype("O8")), "elements of type 'O8', not numbers"),
    "a type of fields": (array(dtype("f4,O")), "elements of type 'f4,O', not numbers"),
    "a type made one of objects": (
        array(dtype("f4", (3, "|", None, None, None, 8, 1, 63))),
        "changes a type of numbers",
    ),
    "no type": (array(value("f4")), "describes no array of numbers"),
    "a size below zero": (array(dtype("f4"), (-1,)), "describes no array of numbers"),
    "more elements than bytes": (array(dtype("f4"), (2**30,)), "8 bytes for an array of shape"),
    "a product that wraps": (array(dtype("f4"), (2**30,) * 3), "8 bytes for an array of shape"),
    "a product that takes years": (
        array(dtype("f4"), (2**8000,) * 900),
        "describes no array of numbers",
    ),
    "a long side": (array(dtype("f4"), (2**31, 0)), "describes no array of numbers"),
    "many sides": (array(dtype("f4"), (0,) * 33), "describes no array of numbers"),
    "a name that is changed": (name("numpy dtype") + value((None, None)) + b"b", "corrupt pickle"),
    "a place far out in the memo": (b"Nr\xff\xff\xff\x0f", "keeps 268435455 things in mind"),
    "a place below zero": (b"Np-1\n", "keeps -1 things in mind"),
    "a hash that takes years": (b"\x8f(" + b")" + b"2\x86" * 99 + b"\x90", "opcode EMPTY_SET"),
    "a dictionary": (value({"a": 1}), "opcode EMPTY_DICT"),
    "a class": (name("numpy dtype") + b")\x81", "opcode NEWOBJ"),
    "an extension": (b"\x82\x01", "opcode EXT1"),
    "a persistent id": (b"Pa\n", "opcode PERSID"),
    "bytes that are not there": (b"\x8e" + struct.pack("<Q", 2**40), "corrupt pickle"),
    "many marks": (b"(" * 2000, "more than 1000 opcodes"),
    "one content for many arrays": (
        content(bytes(4000)) + b"q\xc8" + 3 * array(dtype("u1"), (4000,), b"h\xc8"),
        "more bytes than it has",
    ),
}


@pytest.mark.parametrize("opcodes, reason", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_array_of_numbers_is_refused(opcodes, reason):
    with pytest.raises(DataError, match=reason):
        array_pickle.load(pickled(opcodes))
