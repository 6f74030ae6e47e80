"""A planning finds the last one's plan, and makes it anew for any other source or config."""

from __future__ import annotations

import copy
import json
from importlib import metadata

import pytest
from tests_support import ROOT, fresh_python

from relearn import planning
from relearn.errors import ConfigError
from relearn.planning import digest, plan

FILES = [ROOT / "config/config.yaml"]
SCHEMA = ROOT / "workflow/schemas/config.schema.json"


def test_a_plan_holds_what_the_rules_ask_for(config, tmp_path):
    found = plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    assert found["records"] == ["scalars.csv", "curves.csv", "arrays.npz"]
    assert list(found["experiments"]) == list(config["experiments"])
    line = found["experiments"]["linear_regression"]
    assert (line["listing"], line["seed_runs"]) == (True, True)
    assert list(line["code"]) == ["run", "draw", "judge", "publish"]
    assert line["variants"]["larger_rate"]["rate"] == 0.02
    code = [*found["code"].values(), *line["code"].values()]
    assert {len(each["code"]) for each in code} == {64}
    assert len({each["code"] for each in code}) == len(code)
    assert set(line["code"]["run"]["versions"]) == {"python", "numpy", "pandas", "torch"}


def test_a_kept_plan_is_the_one_that_was_made_and_takes_no_library(config, tmp_path):
    made = plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    (tmp_path / "config.json").write_text(json.dumps(config))
    code = (
        "import json, sys; from pathlib import Path; from relearn.planning import plan\n"
        "folder, *files = map(Path, sys.argv[1:])\n"
        "config = json.loads((folder / 'config.json').read_text())\n"
        "found = plan(config, files[:1], files[1], folder / 'plan.json')\n"
        "print(json.dumps([found, sorted(sys.modules)]))"
    )
    found, loaded = json.loads(fresh_python(code, tmp_path, *FILES, SCHEMA))
    assert found == made
    assert not {"numpy", "pandas", "pydantic", "jsonschema", "ast"} & set(loaded)


def test_another_config_has_another_plan(config, tmp_path):
    plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    other = copy.deepcopy(config)
    other["experiments"]["linear_regression"]["variants"]["larger_rate"]["rate"] = 0.25
    found = plan(other, FILES, SCHEMA, tmp_path / "plan.json")
    assert found["experiments"]["linear_regression"]["variants"]["larger_rate"]["rate"] == 0.25


def test_a_plan_says_what_each_run_will_cost_and_another_table_has_another_plan(config, tmp_path):
    table = tmp_path / "costs.csv"
    head = "scale,rule,experiment,variant,seeds,seconds,cpu_seconds,peak_mib,kib,measured\n"
    for spent in (8.0, 9.0):
        row = f"default,run,linear_regression,larger_rate,20,1.0,{spent},300.0,5.0,day\n"
        table.write_text(head + row)
        found = plan(config, FILES, SCHEMA, tmp_path / "plan.json", table)["experiments"]
        cost = {"seconds": 2 * spent, "mib": 600.0, "kib": 10.0, "basis": "itself"}
        assert found["linear_regression"]["costs"]["larger_rate"] == cost
    assert found["perceptron"]["costs"]["flipped"]["basis"] == "its scale"


def test_another_version_of_a_package_has_another_plan(monkeypatch, config, tmp_path):
    before = plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    installed = metadata.version
    monkeypatch.setattr(
        metadata, "version", lambda name: "99.0" if name == "scipy" else installed(name)
    )
    after = plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    assert after["code"]["verdicts"]["versions"]["scipy"] == "99.0"
    assert after["code"]["verdicts"]["code"] == before["code"]["verdicts"]["code"]
    assert after["code"]["seal"] == before["code"]["seal"]


def test_an_edited_and_a_new_module_count(config, tmp_path):
    (tmp_path / "deep").mkdir()
    module = tmp_path / "deep/module.py"
    module.write_text("a = 1\n")
    before = digest(config, FILES, tmp_path)
    assert digest(config, FILES, tmp_path) == before
    module.write_text("a = 2\n")
    edited = digest(config, FILES, tmp_path)
    (tmp_path / "new.py").touch()
    assert len({before, edited, digest(config, FILES, tmp_path)}) == 3


def test_a_plan_of_a_source_that_changed_meanwhile_is_not_kept(config, tmp_path, monkeypatch):
    digests = iter(["before", "after"])
    monkeypatch.setattr(planning, "digest", lambda *arguments: next(digests))
    plan(config, FILES, SCHEMA, tmp_path / "plan.json")
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("spoilt", ["", "[", "[]", "null", "{}", '["key"]', '{"key": 1, "b": 2}'])
def test_a_spoilt_plan_is_made_again(config, tmp_path, spoilt):
    kept = tmp_path / "plan.json"
    made = plan(config, FILES, SCHEMA, kept)
    kept.write_text(spoilt)
    assert plan(config, FILES, SCHEMA, kept) == made
    assert kept.read_text() != spoilt


def test_a_bad_config_is_refused_each_time(config, tmp_path):
    bad = copy.deepcopy(config)
    bad["experiments"]["linear_regression"]["samples"] = "100"
    for _ in range(2):
        with pytest.raises(ConfigError, match="linear_regression.samples: '100' is not of type"):
            plan(bad, FILES, SCHEMA, tmp_path / "plan.json")


@pytest.mark.parametrize("kind", [list, dict])
def test_a_few_aliases_that_stand_for_more_than_memory_holds_are_one_line(tmp_path, kind):
    value = [1]
    for _ in range(60):
        value = [value] * 2 if kind is list else {"a": value, "b": value}
    with pytest.raises(ConfigError, match="config: more than 100000 values, aliases expanded"):
        plan({"scale": value}, FILES, SCHEMA, tmp_path / "plan.json")


def test_a_value_within_itself_is_one_line(tmp_path):
    value = {}
    value["inner"] = value
    with pytest.raises(ConfigError, match="config: more than 100000 values, aliases expanded"):
        plan(value, FILES, SCHEMA, tmp_path / "plan.json")
