"""What a job will cost: from its own row, from its next of kin, or from an allowance."""

import pytest
from tests_support import ROOT

from relearn.errors import DataError
from relearn.runs import costs
from relearn.runs.costs import Cost

HEAD = "scale,rule,experiment,variant,seeds,seconds,cpu_seconds,peak_mib,kib,measured\n"
TABLE = f"""{HEAD}default,run,sums,plain,10,9.0,8.0,460.0,20.0,"day, processor"
default,run,sums,long,10,30.0,24.0,250.0,10.0,"day, processor"
default,draw,sums,,20,1.0,1.0,400.0,50.0,"day, processor"
default,run,products,plain,1000,90.0,80.0,900.0,5.0,"day, processor"
full,run,sums,plain,2,50.0,40.0,380.0,4.0,"day, processor"
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    "job, cost",
    [
        # Processor time and disk grow with the seeds; memory is doubled, and 360 MiB at least.
        (("default", "run", "sums", "plain", 10), (8.0, 460.0, 20.0, "itself")),
        (("default", "run", "sums", "plain", 40), (32.0, 920.0, 80.0, "itself")),
        (("default", "run", "sums", "plain", 5), (8.0, 460.0, 20.0, "itself")),
        (("default", "run", "sums", "long", 40), (96.0, 500.0, 40.0, "itself")),
        (("default", "draw", "sums", "", 40), (2.0, 800.0, 100.0, "itself")),
        (("default", "run", "sums", "long", 10), (24.0, 360.0, 10.0, "itself")),
        (("full", "run", "sums", "plain", 30), (600.0, 760.0, 60.0, "itself")),
        # The dearest in each respect, at the seeds that are wanted.
        (("default", "run", "sums", "new", 20), (48.0, 920.0, 40.0, "its experiment")),
        # Another experiment's seeds say nothing.
        (("default", "run", "new", "plain", 5000), (80.0, 900.0, 20.0, "its scale")),
        (("smoke", "run", "new", "plain", 5000), (80.0, 900.0, 20.0, "another scale")),
        (("default", "judge", "", "", 100), (3600, 4096, 102_400, "nothing")),
    ],
)
def test_a_job_costs_what_the_nearest_measured_jobs_cost(table, job, cost):
    assert costs.read(table).estimate(*job) == Cost(*cost)


def test_without_a_table_there_is_an_allowance(tmp_path):
    assert costs.read(tmp_path / "none.csv").estimate("full", "run") == costs.ALLOWANCE


@pytest.mark.parametrize(
    "text, line",
    [
        ("", "costs.csv:1: is not 'scale,rule,"),
        ("scale,rule\n", "costs.csv:1: is not 'scale,rule,"),
        (f"{HEAD}default,run\n", "costs.csv:2: not enough values"),
        (f"{HEAD}default,run,sums,plain,x,1,1,1,1,day\n", "costs.csv:2: invalid literal for int"),
        (f"{TABLE}default,run,sums,plain,1,1,1,1,y,day\n", "costs.csv:7: could not convert"),
    ],
)
def test_a_spoilt_table_is_one_line_with_its_place(table, text, line):
    table.write_text(text)
    with pytest.raises(DataError, match=line) as raised:
        costs.read(table)
    assert str(raised.value).endswith("; make costs anew")


def test_the_table_that_is_kept_knows_each_scale():
    measured = costs.read(ROOT / costs.TABLE)
    for scale in ("smoke", "default", "full"):
        found = measured.estimate(scale, "run", "perceptron", "flipped", 1)
        assert found.basis in ("itself", "its experiment", "its scale"), scale
        assert 0 < found.seconds < 3600
