"""Which packages a result rests on."""

from importlib import metadata

from relearn.runs import versions


def test_a_package_brings_what_it_requires():
    found = versions.used({"sklearn"})
    assert list(found) == ["python", "numpy", "scikit-learn", "scipy"]
    assert found["scipy"] == metadata.version("scipy")


def test_what_makes_the_page_counts_for_the_page_alone():
    assert list(versions.used({"torch"})) == ["python", "torch"]
    assert list(versions.used({"jinja2"})) == ["python", "jinja2"]


def test_what_changes_no_result_does_not_count():
    assert list(versions.used({"pydantic", "tqdm", "rich"})) == ["python"]


def test_python_counts_by_its_minor_version():
    assert versions.used(())["python"].count(".") == 1


def test_installed_names_every_package_and_what_ran_it():
    assert {"relearn", "snakemake", "torch", "pillow"} <= set(versions.installed())
