"""Records come back as they were, whole or not at all."""

import numpy as np
import pandas as pd
import pytest

from relearn.errors import DataError
from relearn.files import whole
from relearn.runs import record
from relearn.runs.record import Records, per_seed, table


def test_a_table_is_tidy():
    frame = table("epoch", np.array([1, 2]), {"loss": np.array([[0.5, 0.25], [1.0, 2.0]])})
    expected = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "loss": [0.5, 0.25, 1.0, 2.0]}
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_every_float_survives_the_disk(tmp_path):
    awkward = np.array([0.1 + 0.2, 1 / 3, 5e-324, np.pi * 1e300, np.inf, np.nan])
    records = Records(per_seed({"value": awkward}), arrays={"a": awkward[None]})
    record.write(tmp_path, records)
    back = record.read(tmp_path)
    np.testing.assert_array_equal(back.scalars["value"], awkward)
    np.testing.assert_array_equal(back.arrays["a"][0], awkward)


def test_equal_records_are_equal_bytes(tmp_path):
    records = Records(per_seed({"value": np.arange(3.0)}), arrays={"a": np.ones((3, 4))})
    for folder in ("first", "second"):
        record.write(tmp_path / folder, records)
    for name in record.NAMES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_missing_file_is_one_line_with_the_remedy(tmp_path):
    with pytest.raises(DataError, match="delete the folder and run snakemake again"):
        record.read(tmp_path)


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), whole(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert target.read_text() == "old"
