"""What holds for every experiment, those to come included."""

from __future__ import annotations

import numpy as np
import pytest
from tests_support import config, fresh_python

from relearn.experiments import catalogue
from relearn.runs import record
from relearn.runs.seeds import seeds

CONFIG = config("smoke")
VARIANTS = [
    (experiment, variant)
    for experiment, block in CONFIG["experiments"].items()
    for variant in block["variants"]
]


def run(experiment, variant, images, first=0, last=None):
    params = catalogue.parameters(experiment, CONFIG["experiments"][experiment], variant)
    replicates = seeds(3, experiment, params.seeds if last is None else last)[first:]
    inputs = images if hasattr(params, "dataset") else None
    return catalogue.module(experiment).run(params, replicates, inputs)


@pytest.fixture(scope="module")
def results(small_images):
    """Every variant at smoke scale, on small images, written and read back."""
    return {(e, v): run(e, v, small_images) for e, v in VARIANTS}


def test_the_config_names_every_experiment_and_no_other():
    assert sorted(CONFIG["experiments"]) == catalogue.names()


@pytest.mark.parametrize("experiment", catalogue.names())
def test_every_parameter_says_what_it_means(experiment):
    fields = catalogue.module(experiment).Params.model_fields
    assert [name for name, field in fields.items() if not field.description] == []


@pytest.mark.parametrize("experiment, variant", VARIANTS)
def test_records_are_tidy(results, experiment, variant):
    records = results[experiment, variant]
    count = CONFIG["experiments"][experiment]["variants"][variant].get(
        "seeds", CONFIG["experiments"][experiment]["seeds"]
    )
    assert records.scalars["seed"].tolist() == list(range(count))
    assert records.scalars.columns[0] == records.curves.columns[0] == "seed"
    assert set(records.curves["seed"]) <= set(range(count))
    if len(records.curves):
        assert records.curves.dtypes.iloc[1].kind == "i"
        assert not records.curves.duplicated(list(records.curves.columns[:2])).any()
    for name, array in records.arrays.items():
        assert len(array) == count, name
        assert array.dtype != object, name


@pytest.mark.parametrize("experiment, variant", VARIANTS)
def test_a_run_is_reproducible_and_its_seeds_are_independent(
    results, small_images, experiment, variant
):
    before = results[experiment, variant]
    count = len(before.scalars)
    gone = 0 if count == 1 else 1  # with another neighbour in the place of the first seed
    after = run(experiment, variant, small_images, first=gone, last=count + gone)
    for own, other in ((before.scalars, after.scalars), (before.curves, after.curves)):
        own = own[own["seed"] >= gone].assign(seed=lambda table: table["seed"] - gone)
        other = other[other["seed"] < count - gone]
        assert own.reset_index(drop=True).equals(other.reset_index(drop=True))
    for name, array in before.arrays.items():
        kept = after.arrays[name][: count - gone]
        np.testing.assert_array_equal(array[gone:], kept, err_msg=name)


@pytest.mark.parametrize("experiment", catalogue.names())
def test_judge_gives_effects_for_the_claims_of_the_config(results, experiment):
    own = {v: r for (e, v), r in results.items() if e == experiment}
    effects = catalogue.module(experiment).judge(own)
    claims = CONFIG["experiments"][experiment]["claims"]
    assert list(effects) == list(claims)
    for name, parts in effects.items():
        stated = claims[name].get("parts")
        assert set(parts) == set(stated) if stated else len(parts) == 1
        for values in parts.values():
            assert np.ndim(values) == 1 and len(values) >= 1


@pytest.mark.parametrize("experiment", catalogue.names())
def test_equal_results_draw_equal_bytes_with_every_mark_in_the_table(results, experiment, tmp_path):
    own = {v: r for (e, v), r in results.items() if e == experiment}
    drawn = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        figure = catalogue.module(experiment).draw(own)
        figure.save(folder / "figure.svg", folder / "figure.csv", salt=experiment)
        drawn.append((folder / "figure.svg").read_bytes() + (folder / "figure.csv").read_bytes())
        assert len(figure.table()) > 0
        assert all(panel.title in figure.description() for panel in figure.panels)
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("experiment", catalogue.names())
def test_records_survive_the_disk_unchanged(results, experiment, tmp_path):
    for (name, variant), records in results.items():
        if name == experiment:
            record.write(tmp_path / variant, records)
            back = record.read(tmp_path / variant)
            assert back.scalars.equals(records.scalars)
            assert len(back.curves) == len(records.curves)
            for key, array in records.arrays.items():
                np.testing.assert_array_equal(back.arrays[key], array)


def test_a_dry_run_wants_no_heavy_library():
    code = (
        "import sys\n"
        "from relearn.experiments import catalogue, configuration\n"
        "[catalogue.module(name) for name in catalogue.names()]\n"
        "heavy = ('torch', 'sklearn', 'mlflow', 'matplotlib', 'scipy', 'pandas')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert fresh_python(code) == "[]"
