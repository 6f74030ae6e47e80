"""Every verdict can come out otherwise: the same code on a case built to break it."""

import pytest
import yaml
from tests_support import ROOT, config, judged

CASES = yaml.safe_load((ROOT / "tests/experiments/otherwise.yaml").read_text())
CLAIMS = [name for block in config()["experiments"].values() for name in block["claims"]]


def test_every_claim_has_such_a_case():
    assert sorted(CASES) == sorted(CLAIMS)


@pytest.mark.parametrize("claim", CASES)
def test_the_verdict_is_another_one(claim, small_images):
    case = CASES[claim]
    assert case["instead_of"] != case["verdict"]
    assert judged(claim, case["changes"], small_images)["verdict"] == case["verdict"]
