"""Records come back as they were, whole or not at all."""

import numpy as np
import pandas as pd
import pytest
from tests_support import fresh_python

from relearn.errors import DataError
from relearn.files import whole
from relearn.runs import record
from relearn.runs.record import Records, per_seed, table


def test_a_table_is_tidy():
    columns = table("epoch", np.array([1, 2]), {"loss": np.array([[0.5, 0.25], [1.0, 2.0]])})
    expected = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "loss": [0.5, 0.25, 1.0, 2.0]}
    )
    pd.testing.assert_frame_equal(Records({}, columns).curves, expected)


def test_every_float_survives_the_disk(tmp_path):
    awkward = np.array([0.1 + 0.2, 1 / 3, 5e-324, np.pi * 1e300, np.inf, np.nan])
    records = Records(per_seed({"value": awkward}), arrays={"a": awkward[None]})
    record.write(tmp_path, records)
    back = record.read(tmp_path)
    np.testing.assert_array_equal(back.scalars["value"], awkward)
    np.testing.assert_array_equal(back.arrays["a"][0], awkward)


def test_the_tables_are_what_pandas_would_write(tmp_path):
    columns = {
        "value": np.array([0.1 + 0.2, 5e-324, 1e16, -0.0, np.inf, np.nan]),
        "count": np.arange(6),
        "sure": np.arange(6) > 2,
    }
    records = Records(per_seed(columns))
    record.write(tmp_path, records)
    written = (tmp_path / "scalars.csv").read_text()
    assert written.splitlines()[:3] == [
        "seed,value,count,sure",
        "0,0.30000000000000004,0,False",
        "1,5e-324,1,False",
    ]
    assert written == records.scalars.to_csv(index=False)
    assert (tmp_path / "curves.csv").read_text() == "seed\n"


def test_columns_of_unequal_length_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        record.write(tmp_path, Records({"seed": np.arange(2), "value": np.arange(1)}))
    assert not (tmp_path / "scalars.csv").exists()


def test_a_run_that_needs_no_heavy_library_imports_none(tmp_path):
    code = (
        "import sys, datetime, pathlib\n"
        "from relearn.data import images\n"
        "from relearn.experiments import catalogue\n"
        "from relearn.runs import job, provenance, record, seeds\n"
        "now, folder = datetime.datetime.now(), pathlib.Path(sys.argv[1])\n"
        "record.write(folder, record.Records(record.per_seed({'value': [0.5]})))\n"
        "provenance.write(folder / 'provenance.json', {}, now, now, 1, '')\n"
        "heavy = ('pandas', 'scipy', 'sklearn', 'torch', 'mlflow', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert fresh_python(code, tmp_path) == "[]"


def test_equal_records_are_equal_bytes(tmp_path):
    records = Records(per_seed({"value": np.arange(3.0)}), arrays={"a": np.ones((3, 4))})
    for folder in ("first", "second"):
        record.write(tmp_path / folder, records)
    for name in record.NAMES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_missing_file_is_one_line_with_the_remedy(tmp_path):
    with pytest.raises(DataError, match="delete the folder and run snakemake again"):
        record.read(tmp_path)


SPOILT = {
    "no archive": ("arrays.npz", b"", "not a zip file"),
    "text for a number": ("scalars.csv", b"seed,w\n0,x\n", "column 'w' is not of numbers"),
    "no seeds": ("scalars.csv", b"w\n1\n", "scalars.csv begins with column 'w', not 'seed'"),
    "nothing": ("curves.csv", b"", "No columns to parse"),
    "no text": ("curves.csv", b"\xff\xfe", "codec can't decode"),
}


@pytest.mark.parametrize("name, content, reason", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_file_is_one_line_with_the_remedy(tmp_path, name, content, reason):
    record.write(tmp_path, Records(per_seed({"w": [1.0]})))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{reason}.*; delete the folder and run snakemake again"):
        record.read(tmp_path)


def test_arrays_that_unpack_to_more_than_there_is_room_for_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "MOST", 10**6)  # a gibibyte would take its time
    record.write(tmp_path, Records(per_seed({"w": [1.0]}), arrays={"zeros": np.zeros(10**6)}))
    assert (tmp_path / "arrays.npz").stat().st_size < 10**4
    with pytest.raises(DataError, match="arrays.npz holds 8000128 bytes, more than 1000000"):
        record.read(tmp_path)


def test_arrays_of_text_are_refused(tmp_path):
    record.write(tmp_path, Records(per_seed({"w": [1.0]}), arrays={"names": np.array(["a"])}))
    with pytest.raises(DataError, match="arrays.npz: 'names' is not of numbers"):
        record.read(tmp_path)


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "kept.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), whole(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert target.read_text() == "old"
