"""The compose file says what the tests' server runs with, and keeps its secrets to itself."""

from __future__ import annotations

import re
import subprocess
from importlib import metadata

import pytest
import yaml
from lab import STATED
from postgres import DEPLOY
from tests_support import ROOT

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
by_service = pytest.mark.parametrize("name", SERVICES)


def test_mlflow_is_told_what_the_tests_tell_it():
    assert set(SERVICES["mlflow"]["environment"]) == STATED


@by_service
def test_a_service_comes_back_by_itself_and_is_watched(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@by_service
def test_an_image_is_of_one_version(name):
    assert re.fullmatch(r"[\w-]+:\d+(\.\d+)+", SERVICES[name]["image"])


def test_mlflow_is_that_of_the_lock():
    assert SERVICES["mlflow"]["image"].endswith(f":{metadata.version('mlflow')}")


def test_only_the_proxy_is_reached_from_outside():
    assert [name for name, each in SERVICES.items() if "ports" in each] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"]
    assert SERVICES["postgres"]["networks"] == ["inside"]


def test_each_secret_is_drawn_at_random_and_kept(tmp_path):
    def drawn():
        subprocess.run([DEPLOY / "make-secrets", tmp_path / "secrets"], check=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = drawn()
    assert set(first) == set(COMPOSE["secrets"])
    assert len(set(first.values())) == len(first) and min(map(len, first.values())) == 48
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert drawn() == first


@by_service
def test_no_secret_is_in_the_environment(name):
    service = SERVICES[name]
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    stated = [f"{key}={value}" for key, value in service.get("environment", {}).items()]
    assert not [each for each in stated if re.search("password|secret|key", each.lower())] or (
        stated == ["POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password"]
    )


def test_the_secrets_are_not_in_git():
    ignored = ["git", "check-ignore", "deploy/secrets/admin_password", "deploy/.env"]
    assert subprocess.run(ignored, cwd=ROOT, stdout=subprocess.PIPE).returncode == 0
