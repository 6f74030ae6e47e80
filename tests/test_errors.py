"""An expected error is one line, whatever it quotes."""

from relearn.errors import DataError


def test_a_message_is_one_line_of_what_can_be_printed():
    assert str(DataError("a\tb\r\n\x1b[31mc\0 d\u2028…")) == "a b   [31mc  d …"


def test_a_long_message_keeps_its_place_and_its_remedy():
    said = str(DataError(f"data/x.npy: {'1' * 5000}; delete it and run again"))
    assert len(said) == 1503
    assert said.startswith("data/x.npy: 111") and said.endswith("11; delete it and run again")
